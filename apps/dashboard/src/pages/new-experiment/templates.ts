import type { Policy, Surface } from '../../api/types.js';
import { arm, emptyDraft, policyFor } from './draft.js';
import type { ExperimentDraft } from './draft.js';

export interface Template {
  readonly key: string;
  readonly title: string;
  /** What it is for, and what to know about it. */
  readonly explain: string;
  /** What it fills in; the rest of the draft stays. */
  readonly fill: (on: {
    readonly policies: readonly Policy[];
    readonly surfaces: readonly Surface[];
  }) => Partial<ExperimentDraft>;
}

const SLOT_MINUTES = 240;

const surfaceOf = (surfaces: readonly Surface[], kind: Surface['kind']): Partial<ExperimentDraft> => {
  const found = surfaces.find((surface) => surface.kind === kind);
  return found ? { surface: found.key } : {};
};

/** In the order in which they are offered; the first is what an empty form is. */
export const TEMPLATES: readonly Template[] = [
  {
    key: 'ab',
    title: 'A/B test',
    explain: 'Fixed arms with fixed weights. The plain way to learn whether a change helps.',
    fill: () => ({ arms: emptyDraft().arms }),
  },
  {
    key: 'artwork',
    title: 'Artwork',
    explain: 'The picture of a title: the first one for everybody against one that a bandit picks.',
    fill: ({ policies, surfaces }) => ({
      ...surfaceOf(surfaces, 'action'),
      hypothesis: 'Artwork that fits the member makes more of them play the title',
      arms: [
        arm(1, 'Control', 50, { isControl: true }),
        arm(
          2,
          'Artwork by bandit',
          50,
          policyFor(policies, ({ learns }) => learns === 'online'),
        ),
      ],
      tags: ['artwork'],
    }),
  },
  {
    key: 'rows',
    title: 'Row order',
    explain: 'The order of rows: the registered one against the order of a recommender.',
    fill: ({ policies, surfaces }) => ({
      ...surfaceOf(surfaces, 'slate'),
      hypothesis: 'Rows in the order of taste are played from sooner',
      arms: [
        arm(1, 'Control', 50, { isControl: true }),
        arm(
          2,
          'Rows by recommender',
          50,
          policyFor(policies, ({ learns }) => learns === 'batch'),
        ),
      ],
      tags: ['rows'],
    }),
  },
  {
    key: 'bandit',
    title: 'Bandit experiment',
    explain:
      'A control, a small uniform arm, and a bandit that learns which action works. The lift of the bandit stays honest because its arm has a fixed weight.',
    fill: ({ policies }) => {
      // The analysis slice is served by the bandit and never learned from, so that it is judged on what it has not seen.
      const bandit = policyFor(policies, ({ learns }) => learns === 'online');
      return {
        arms: [
          arm(1, 'Control', 5, { isControl: true }),
          arm(2, 'Uniform exploration', 5, { ...bandit, steadyFor: 'decision', slice: 'exploration' }),
          arm(3, 'Bandit, analysis', 5, { ...bandit, slice: 'analysis' }),
          arm(4, 'Bandit', 85, bandit),
        ],
      };
    },
  },
  {
    key: 'holdout',
    title: 'Holdout of one change',
    explain:
      'Almost everybody gets the change, and a small control goes without it for weeks, so that its lasting effect stays measured. For many changes at once make a holdout under Settings.',
    fill: () => ({
      arms: [arm(1, 'Held out', 5, { isControl: true }), arm(2, 'With the change', 95)],
      minimumDays: 28,
      tags: ['holdout'],
    }),
  },
  {
    key: 'switchback',
    title: 'Switchback',
    explain: `All of a unit switches between the arms every ${SLOT_MINUTES / 60} hours, for changes whose units influence each other. The unit is what switches as a whole: a market.`,
    fill: () => ({
      arms: emptyDraft().arms,
      unitType: 'market',
      switchback: { slotMinutes: SLOT_MINUTES, timeZone: '' },
      tags: ['switchback'],
    }),
  },
];
