import type { Catalog, Json, PolicyBody, RewardDefinition, RewardMeasure, Worn } from '../../api/types.js';
import { slug } from '../../format/slug.js';
import { schemaDefaults } from '../../ui/schema-defaults.js';

/** What the policy form holds; `toBody` turns it into the API's words. */
export interface PolicyDraft {
  id: string;
  title: string;
  key: string;
  params: Record<string, Json>;
  wrappers: Worn[];
  exploration: string;
  explorationParams: Record<string, Json>;
  floor: number;
  /** Key of a ready-made reward; empty: the fields below describe one; `KEPT`: as it is. */
  preset: string;
  /** Of a policy that exists: what it is paid for now. */
  kept: RewardDefinition | null;
  outcome: string;
  counts: 'one' | 'value';
  /** Largest value that counts, for watch seconds and the like. */
  max: number | null;
  windowSeconds: number;
  signals: SignalDraft[];
  /** Percent of choices that are not shown, by lot; 0: none. */
  withheldPercent: number;
  /** For how long a unit keeps its lot. */
  steadyFor: string;
  /** The reward is what showing brings; needs withheld choices. */
  incremental: boolean;
}

/** A further signal of the reward: how often an outcome happened at all, or the sum of its values. */
export interface SignalDraft {
  name: string;
  outcome: string;
  counts: 'one' | 'value';
  /** As it was defined, with all that these fields do not show; used until outcome or counting change. */
  kept?: RewardMeasure;
}

/** In place of the key of a ready-made reward: the one that the policy has. */
export const KEPT = '=';

/** A draft of the given registered policy, with the defaults of its schema. */
export function policyDraft(catalog: Catalog, key: string): PolicyDraft {
  const registered = catalog.policies.find((policy) => policy.key === key);
  // A policy that picks one action needs nothing to turn scores into a slate.
  const exploration = registered?.decides === 'action' ? undefined : catalog.explorations[0];
  const { wrappers: _none, ...params } = schemaDefaults(registered?.paramsSchema);
  return {
    id: '',
    title: '',
    key,
    params,
    wrappers: [],
    exploration: exploration?.key ?? '',
    explorationParams: schemaDefaults(exploration?.paramsSchema),
    floor: registered?.learns === 'online' ? 0.01 : 0,
    preset: '',
    kept: null,
    outcome: ['play', ...catalog.outcomes].find((name) => catalog.outcomes.includes(name)) ?? '',
    counts: 'one',
    max: null,
    windowSeconds: 0,
    signals: [],
    withheldPercent: 0,
    steadyFor: 'always',
    incremental: false,
  };
}

export function policyBody(
  draft: PolicyDraft,
  catalog: Catalog,
): Pick<PolicyBody, 'id'> & Partial<PolicyBody> {
  const learns = catalog.policies.find((policy) => policy.key === draft.key)?.learns !== 'never';
  return {
    id: draft.id || slug(draft.title),
    key: draft.key,
    title: draft.title,
    params: {
      ...draft.params,
      ...(draft.wrappers.length === 0 ? {} : { wrappers: draft.wrappers.map((worn) => ({ ...worn })) }),
    },
    ...(draft.exploration === ''
      ? {}
      : { exploration: { key: draft.exploration, params: draft.explorationParams } }),
    floor: draft.floor,
    ...rewardOf(draft, catalog),
    ...(draft.withheldPercent > 0
      ? { withhold: { share: draft.withheldPercent / 100, steadyFor: draft.steadyFor } }
      : {}),
    learning: learns,
  };
}

/** A ready-made reward that something is added to becomes one of your own. */
function rewardOf(
  draft: PolicyDraft,
  catalog: Catalog,
): Pick<PolicyBody, 'rewardPreset'> | Pick<PolicyBody, 'reward' | 'windowSeconds'> {
  const preset = catalog.rewards.find(({ key }) => key === draft.preset);
  const added = {
    ...(draft.signals.length > 0 ? { signals: signalsOf(draft) } : {}),
    ...(draft.incremental && draft.withheldPercent > 0
      ? { incremental: draft.kept?.incremental ?? { by: [] } }
      : {}),
  };
  if (draft.preset === KEPT && draft.kept !== null) {
    const { signals: _signals, incremental: _incremental, ...kept } = draft.kept;
    return { reward: { ...kept, ...added }, windowSeconds: draft.windowSeconds };
  }
  if (preset !== undefined && Object.keys(added).length === 0) return { rewardPreset: preset.key };
  const own = preset ?? ownReward(draft);
  if (own.reward === null) return ownReward(draft);
  return { reward: { ...own.reward, ...added }, windowSeconds: own.windowSeconds };
}

const signalsOf = ({ signals }: PolicyDraft): NonNullable<RewardDefinition['signals']> =>
  Object.fromEntries(
    signals.map(({ name, outcome, counts, kept }) => [
      name.trim(),
      kept?.outcomes[0]?.name === outcome && kept.outcomes[0].value === counts
        ? kept
        : { outcomes: [{ name: outcome, value: counts }], combine: counts === 'one' ? 'any' : 'sum' },
    ]),
  );

const ownReward = (draft: PolicyDraft): Pick<PolicyBody, 'reward' | 'windowSeconds'> => ({
  reward: {
    outcomes: [
      { name: draft.outcome, value: draft.counts, ...(draft.max === null ? {} : { max: draft.max }) },
    ],
    combine: draft.counts === 'one' ? 'any' : 'sum',
  },
  windowSeconds: draft.windowSeconds,
});
