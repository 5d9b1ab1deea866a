import type { Rng } from '#experiments';
import { createRng } from '#experiments';
import type { SlotRule } from '../../contract.js';
import { sampleIndex } from '../../envelope.js';
import { compileExploration } from '../../exploration/index.js';
import { evaluateSlates } from '../slates/evaluate.js';
import { enumerateSlates, slotMarginals } from '../slates/law.js';
import type { LoggedSlates } from '../slates/logged.js';

const ITEMS = 4;
const SLOTS = 2;
export const REPEATED = { kind: 'repeated', violations: 0, unsupportedMass: 0 } as const;

/** Two kinds of members; what stands above an item takes from it. */
const CLICK = [
  [0.6, 0.4, 0.2, 0.1],
  [0.1, 0.3, 0.3, 0.7],
];
const click = (c: number, slate: ArrayLike<number>, k: number): number => {
  const own = CLICK[c]?.[slate[k] as number] as number;
  return k === 0 ? own : 0.7 * own - 0.2 * own * (CLICK[c]?.[slate[0] as number] as number);
};

/** How a policy fills slates, by kind of member. */
export type SlatePolicy = readonly SlotRule[];
const plackettLuce = compileExploration('plackett-luce', { temperature: 1 });
const law = (...logits: readonly number[][]): SlatePolicy =>
  logits.map((l) => plackettLuce(Float64Array.from(l)));
export const LOGGED = law([0.3, 0, 0, 0.3], [0.3, 0, 0, 0.3]);
/** Knows what members like, and the opposite of it. */
export const BETTER = law([1.2, 0.6, -0.2, -0.6], [-0.6, 0.2, 0.2, 1.2]);
export const WORSE = law([-2, -0.6, 1, 2], [2, 0.2, -0.2, -2]);

/** Expected reward of a slate. */
export function slateValue(policy: SlatePolicy): number {
  let value = 0;
  policy.forEach((rule, c) =>
    enumerateSlates(rule, ITEMS, SLOTS, (slate, prefix) => {
      for (let k = 0; k < SLOTS; k++) value += (prefix[SLOTS - 1] as number) * click(c, slate, k);
    }),
  );
  return value / policy.length;
}

/** A log of members with two slates each, and the candidate's distributions along it. */
export function playSlates(
  n: number,
  candidate: SlatePolicy,
  rng: Rng,
): { log: LoggedSlates; target: Float64Array } {
  const log = {
    n,
    slots: SLOTS,
    actions: ITEMS,
    action: new Uint32Array(n * SLOTS),
    propensity: new Float64Array(n * SLOTS),
    reward: new Float64Array(n * SLOTS),
    unit: Uint32Array.from({ length: n }, (_, i) => i >> 1),
    context: { width: 1, values: new Float64Array(n) },
    slotWeight: new Float64Array(n * SLOTS),
    support: REPEATED,
  };
  const target = new Float64Array(n * SLOTS * ITEMS);
  const marginals = [LOGGED, candidate].map((policy) =>
    policy.map((rule) => slotMarginals(rule, ITEMS, SLOTS)),
  );
  const p = new Float64Array(ITEMS);
  for (let i = 0; i < n; i++) {
    const c = (i >> 1) % 2;
    log.context.values[i] = c;
    const taken = new Uint8Array(ITEMS);
    const slate: number[] = [];
    for (let k = 0; k < SLOTS; k++) {
      const at = i * SLOTS + k;
      (candidate[c] as SlotRule)(taken, target.subarray(at * ITEMS, (at + 1) * ITEMS), k);
      (LOGGED[c] as SlotRule)(taken, p, k);
      const a = sampleIndex(p, rng);
      slate.push(a);
      taken[a] = 1;
      log.action[at] = a;
      log.propensity[at] = p[a] as number;
      log.reward[at] = rng.uniform() < click(c, slate, k) ? 1 : 0;
      const [below, above] = marginals.map((one) => one[c]?.[k * ITEMS + a] as number);
      log.slotWeight[at] = (above as number) / (below as number);
    }
  }
  return { log, target };
}

/** Errors of one estimator over many logs. */
export interface SlateErrors {
  /** Share of the intervals that hold the truth. */
  readonly covered: number;
  readonly bias: number;
  readonly rmse: number;
}

export interface SlateCoverage {
  readonly errors: Readonly<Record<string, SlateErrors>>;
  /** Share of the bounds of the difference that hold the true difference. */
  readonly bounded: number;
}

/** Intervals and bounds against the known truth. Every run is a fresh log of n slates. */
export function slateCoverage(runs: number, n: number, seed: string): SlateCoverage {
  const truth = slateValue(BETTER);
  const gain = truth - slateValue(LOGGED);
  const found = new Map<string, { hits: number; sum: number; squares: number }>();
  let bounded = 0;
  for (let run = 0; run < runs; run++) {
    const { log, target } = playSlates(n, BETTER, createRng(`${seed}/${run}`));
    const { estimates, difference } = evaluateSlates(log, target, { bootstrap: { resamples: 1 } });
    for (const { key, value, interval } of estimates) {
      if (value === null || !interval) continue;
      const so = found.get(key) ?? { hits: 0, sum: 0, squares: 0 };
      if (interval.lower <= truth && truth <= interval.upper) so.hits++;
      so.sum += value - truth;
      so.squares += (value - truth) ** 2;
      found.set(key, so);
    }
    if (difference.bound.lower <= gain && gain <= difference.bound.upper) bounded++;
  }
  const errors = Object.fromEntries(
    [...found].map(([key, { hits, sum, squares }]) => [
      key,
      { covered: hits / runs, bias: sum / runs, rmse: Math.sqrt(squares / runs) },
    ]),
  );
  return { errors, bounded: bounded / runs };
}

/** How often the gate opens for a policy, over fresh logs of n slates. */
export function slateGateStudy(
  candidate: SlatePolicy,
  runs: number,
  n: number,
  seed: string,
  change: Partial<LoggedSlates> = {},
): number {
  let yes = 0;
  for (let run = 0; run < runs; run++) {
    const { log, target } = playSlates(n, candidate, createRng(`${seed}/${run}`));
    const { gate } = evaluateSlates({ ...log, ...change }, target, { bootstrap: { resamples: 1 } });
    if (gate.answer === 'yes') yes++;
  }
  return yes / runs;
}
