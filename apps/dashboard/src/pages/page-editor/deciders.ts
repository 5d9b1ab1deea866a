import type { PageLevel } from '../../api/pages.js';
import type { PageLayout } from '../../api/pages.js';
import type { Experiment, Policy } from '../../api/types.js';

/** A policy that has an arm in a live experiment on a surface of the page. */
export interface Decider {
  level: PageLevel;
  surface: string;
  experiment: Pick<Experiment, 'key' | 'title'>;
  policy: Policy;
}

const LIVE: readonly Experiment['status'][] = ['running', 'shipped'];

/** Who decides about each level of a page now. */
export function decidersOf(
  { rows, titles, artwork }: PageLayout,
  experiments: readonly Experiment[],
  policies: readonly Policy[],
): Decider[] {
  const levels: readonly (readonly [PageLevel, string | null])[] = [
    ['rows', rows.surface],
    ['titles', titles.surface],
    ['artwork', artwork?.surface ?? null],
  ];
  return levels.flatMap(([level, surface]) =>
    experiments
      .filter((one) => one.surface === surface && LIVE.includes(one.status))
      .flatMap((experiment) =>
        policiesOf(experiment).flatMap((id): Decider[] => {
          const policy = policies.find((one) => one.id === id);
          return policy === undefined ? [] : [{ level, surface: surface ?? '', experiment, policy }];
        }),
      ),
  );
}

/** Of the arm that was shipped, else of all; once each. */
function policiesOf({ arms, shippedArm }: Experiment): string[] {
  const served = shippedArm === null ? arms : arms.filter(({ key }) => key === shippedArm);
  return [
    ...new Set(served.flatMap(({ treatment }) => (treatment.kind === 'policy' ? [treatment.policyId] : []))),
  ];
}
