import { createRng } from '#experiments';
import type { Action, BanditPolicy, RewardedDecision } from '../contract.js';
import { compileExploration } from '../exploration/index.js';
import { serveAction } from '../serve.js';
import { withheldBaselines } from './baseline.js';
import type { WithheldSums } from './baseline.js';
import { incrementalReward } from './reward.js';

/** Probability of a play within the window when a title is shown, and when it is not. */
export interface Showing {
  readonly shown: number;
  readonly hidden: number;
}

export type ShowingWorld = Readonly<Record<string, Showing>>;

/** `hit` is played by everybody, shown or not; `find` because it is shown. */
export const HIT_AND_FIND = {
  hit: { shown: 0.6, hidden: 0.58 },
  find: { shown: 0.3, hidden: 0.06 },
  niche: { shown: 0.12, hidden: 0.08 },
} satisfies ShowingWorld;

const numbered = (n: number, of: (i: number) => Showing): ShowingWorld =>
  Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${i}`, of(i)]));

/** Titles of different popularity and small lifts. */
export const TEN_TITLES = numbered(10, (i) => {
  const hidden = 0.01 + 0.012 * ((i * 7) % 10);
  return { hidden, shown: hidden + 0.006 * i };
});

/** Artwork of one title: without any of it the same default is shown. */
export const SIX_IMAGES = numbered(6, (i) => ({ hidden: 0.3, shown: 0.3 + 0.03 * i }));

/**
 * What is learned from: the outcome of what was shown (`plain`); the incremental reward; that without a baseline
 * (`transformed`); or the outcome minus the baseline, of what was shown alone (`subtracted`).
 */
export type Learned = 'plain' | 'incremental' | 'transformed' | 'subtracted';

export interface ShowingRun {
  /** Decisions that chose each action, in the part that is measured. */
  readonly counts: Readonly<Record<string, number>>;
  /** Plays caused per decision in that part, had all been shown. */
  readonly caused: number;
}

interface Settings {
  readonly learned: Learned;
  readonly seed: string;
  /** Batches of 500 decisions; the policy learns after each. */
  readonly batches: number;
  /** The first batch that is measured. */
  readonly from: number;
}

const SHARE = 0.03;
const BATCH = 500;
const FLOOR = 0.02;

/** Plays a policy closed loop, with 3 % withheld and a floor of 2 %. */
export function playShowing(policy: BanditPolicy, world: ShowingWorld, settings: Settings): ShowingRun {
  const actions: readonly Action[] = Object.keys(world).map((id) => ({ id, features: {} }));
  const params = policy.params.parse({});
  const explore = compileExploration('epsilon-mix', {});
  const rng = createRng(settings.seed);
  const sums = new Map<string, WithheldSums>();
  const counts: Record<string, number> = Object.fromEntries(actions.map(({ id }) => [id, 0]));
  let state = policy.initialState(params);
  let [caused, measured] = [0, 0];
  for (let batch = 0; batch < settings.batches; batch++) {
    const compiled = policy.compile(state, params);
    const baselineOf = withheldBaselines([...sums.values()]);
    const learned: RewardedDecision[] = [];
    for (let n = 0; n < BATCH; n++) {
      const at = (batch * BATCH + n) * 1000;
      const request = { unitId: `u${n}`, context: {}, actions, subject: null, at };
      const { index, propensity } = serveAction(compiled, request, explore, FLOOR, rng);
      const action = actions[index] as Action;
      const { shown, hidden } = world[action.id] as Showing;
      const withheld = rng.uniform() < SHARE;
      const outcome = rng.uniform() < (withheld ? hidden : shown) ? 1 : 0;
      if (batch >= settings.from) {
        counts[action.id] = (counts[action.id] ?? 0) + 1;
        caused += shown - hidden;
        measured += 1;
      }
      const reward = rewardOf(settings.learned, outcome, withheld, baselineOf([action.id])?.mean ?? 0);
      const decision = { decisionId: `${batch}-${n}`, unitId: request.unitId, context: {}, subject: null };
      if (reward !== null) learned.push({ ...decision, action, position: 0, propensity, reward, at });
      if (withheld) sums.set(action.id, added(sums.get(action.id), action.id, outcome));
    }
    state = policy.update(
      state,
      settings.learned === 'subtracted' ? lessBaseline(learned, sums) : learned,
      params,
    );
  }
  return { counts, caused: caused / measured };
}

function rewardOf(learned: Learned, outcome: number, withheld: boolean, baseline: number): number | null {
  const lot = { withheld, propensity: withheld ? SHARE : 1 - SHARE };
  if (learned === 'incremental') return incrementalReward(outcome, baseline, lot);
  if (learned === 'transformed') return incrementalReward(outcome, 0, lot);
  return withheld ? null : outcome;
}

/** What was withheld in the same batch may be used as well: it depends on nothing that was shown. */
function lessBaseline(
  shown: readonly RewardedDecision[],
  sums: ReadonlyMap<string, WithheldSums>,
): RewardedDecision[] {
  const baselineOf = withheldBaselines([...sums.values()]);
  return shown.map((one) => ({ ...one, reward: one.reward - (baselineOf([one.action.id])?.mean ?? 0) }));
}

const added = (sums: WithheldSums | undefined, id: string, outcome: number): WithheldSums => ({
  path: [id],
  decisions: (sums?.decisions ?? 0) + 1,
  sum: (sums?.sum ?? 0) + outcome,
  squares: (sums?.squares ?? 0) + outcome * outcome,
});
