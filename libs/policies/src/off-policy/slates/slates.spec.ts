import { describe, expect, it } from '@jest/globals';
import { createRng, DomainError } from '#experiments';
import type { Rng } from '#experiments';
import type { SlotRule } from '../../contract.js';
import { sampleIndex } from '../../envelope.js';
import { compileExploration } from '../../exploration/index.js';
import { clustersOf } from '../statistics.js';
import { modelChoice } from '../cross-fit.js';
import { cascadeBaseline } from './baseline.js';
import { evaluateSlates } from './evaluate.js';
import type { SlateEvaluation, SlateOptions } from './evaluate.js';
import { enumerateSlates, slotMarginals } from './law.js';
import { NO_ACTION, slateRowsOf } from './logged.js';
import type { LoggedSlates } from './logged.js';

const ITEMS = 4;
const SLOTS = 2;
const REPEATED = { kind: 'repeated', violations: 0, unsupportedMass: 0 } as const;

/** Two kinds of members; what stands above an item takes from it. */
const CLICK = [
  [0.6, 0.4, 0.2, 0.1],
  [0.1, 0.3, 0.3, 0.7],
];
const click = (c: number, slate: ArrayLike<number>, k: number): number => {
  const own = CLICK[c]?.[slate[k] as number] as number;
  return k === 0 ? own : 0.7 * own - 0.2 * own * (CLICK[c]?.[slate[0] as number] as number);
};

type Law = readonly SlotRule[];
const plackettLuce = compileExploration('plackett-luce', { temperature: 1 });
const law = (...logits: readonly number[][]): Law => logits.map((l) => plackettLuce(Float64Array.from(l)));
const LOGGED = law([0.3, 0, 0, 0.3], [0.3, 0, 0, 0.3]);
/** Knows what members like, and the opposite of it. */
const BETTER = law([1.2, 0.6, -0.2, -0.6], [-0.6, 0.2, 0.2, 1.2]);
const WORSE = law([-2, -0.6, 1, 2], [2, 0.2, -0.2, -2]);

function valueOf(policy: Law): number {
  let value = 0;
  policy.forEach((rule, c) =>
    enumerateSlates(rule, ITEMS, SLOTS, (slate, prefix) => {
      for (let k = 0; k < SLOTS; k++) value += (prefix[SLOTS - 1] as number) * click(c, slate, k);
    }),
  );
  return value / policy.length;
}

/** A log of members with two slates each, and the candidate's distributions along it. */
function play(n: number, candidate: Law, rng: Rng): { log: LoggedSlates; target: Float64Array } {
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
      (candidate[c] as SlotRule)(taken, target.subarray(at * ITEMS, (at + 1) * ITEMS));
      (LOGGED[c] as SlotRule)(taken, p);
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

const run = (
  n: number,
  candidate: Law,
  seed: string,
  options: SlateOptions = {},
  change: Partial<LoggedSlates> = {},
) => {
  const { log, target } = play(n, candidate, createRng(seed));
  return evaluateSlates({ ...log, ...change }, target, { bootstrap: { resamples: 20 }, ...options });
};
const failing = ({ gate }: SlateEvaluation): string[] =>
  gate.clauses.filter(({ holds }) => !holds).map(({ key }) => key);

describe('slates by hand', () => {
  /** Two slates of two of two actions, the second one place short. Logged evenly, the candidate puts 0 first with 3/4. */
  const log: LoggedSlates = {
    n: 2,
    slots: 2,
    actions: 2,
    action: Uint32Array.of(0, 1, 1, NO_ACTION),
    propensity: Float64Array.of(0.5, 1, 0.5, 1),
    reward: Float64Array.of(1, 2, 3, 0),
    support: REPEATED,
  };
  const target = Float64Array.of(0.75, 0.25, 0, 1, 0.75, 0.25, 0, 0);

  it('weights every prefix, and lets a short slate end where it ends', () => {
    expect([...slateRowsOf(log, target).prefixWeight]).toEqual([1.5, 1.5, 0.5, 0.5]);
  });

  it('models the reward from each slot on, from the last slot up', () => {
    const single = clustersOf(undefined, 2);
    const choice = modelChoice(false, single, { folds: 1, model: { key: 'tabular', params: { prior: 0 } } });
    const { predicted, expected } = cascadeBaseline(log, target, single, choice);
    // Second slot: only action 1 was there, with reward 2. First: action 0 earns 1 + 2, action 1 earns 3.
    expect([...predicted]).toEqual([3, 2, 3, 0]);
    expect([...expected]).toEqual([3, 2, 3, 0]);
  });

  it('gives the log’s own mean for the policy that logged', () => {
    const { estimates, baseline, difference, diagnostics } = evaluateSlates(
      log,
      Float64Array.of(0.5, 0.5, 0, 1, 0.5, 0.5, 0, 0),
      { folds: 1, missing: { slotWeight: 'not now' } },
    );
    expect(baseline.value).toBe(3);
    for (const { key, value, reason } of estimates) {
      if (value === null)
        expect([key, reason]).toContain(key.startsWith('iips') ? 'not now' : 'The log lacks what it needs.');
      else expect([key, value]).toEqual([key, expect.closeTo(3, 8)]);
    }
    expect(estimates.filter(({ value }) => value !== null).map(({ key }) => key)).toContain('cascade-dr');
    expect(difference.value).toBeCloseTo(0, 12);
    expect(diagnostics.worstAction?.z).toBe(0);
  });

  it.each<[string, Partial<LoggedSlates>, string]>([
    ['a propensity of 0', { propensity: Float64Array.of(0.5, 0, 0.5, 1) }, 'slate 0, slot 1: propensity 0'],
    ['an unknown action', { action: Uint32Array.of(0, 2, 1, NO_ACTION) }, 'action must be below 2'],
    ['a missing reward', { reward: Float64Array.of(1) }, 'reward has 1 numbers, 4 are needed'],
    [
      'a reward that is no number',
      { reward: Float64Array.of(1, NaN, 3, 0) },
      'reward must hold finite numbers',
    ],
  ])('refuses %s', (_what, change, message) => {
    expect(() => evaluateSlates({ ...log, ...change }, target)).toThrow(DomainError);
    expect(() => evaluateSlates({ ...log, ...change }, target)).toThrow(message);
  });
});

describe('slates of a world with known truth', () => {
  const truth = valueOf(BETTER);
  const logged = valueOf(LOGGED);

  it('intervals hold the truth, the bound always, and cascade-DR is the steadiest that assumes a cascade', () => {
    const runs = 150;
    const keys = ['slate-ips', 'slate-ips-sn', 'rips-sn', 'rips', 'cascade-dr'];
    const values = new Map(keys.map((key) => [key, { hits: 0, sum: 0, squares: 0 }]));
    let bounded = 0;
    for (let b = 0; b < runs; b++) {
      const { estimates, difference } = run(400, BETTER, `coverage ${b}`, { bootstrap: { resamples: 1 } });
      for (const { key, value, interval } of estimates) {
        const so = values.get(key);
        if (!so || value === null || !interval) continue;
        if (interval.lower <= truth && truth <= interval.upper) so.hits++;
        so.sum += value - truth;
        so.squares += (value - truth) ** 2;
      }
      const { lower, upper } = difference.bound;
      if (lower <= truth - logged && truth - logged <= upper) bounded++;
    }
    expect(bounded).toBe(runs);
    const sd = (key: string): number => Math.sqrt((values.get(key)?.squares as number) / runs);
    for (const key of keys) {
      const { hits, sum } = values.get(key) as { hits: number; sum: number };
      // 95 % within three standard errors of such a simulation, and no bias beyond four.
      expect([key, hits / runs >= 0.9]).toEqual([key, true]);
      expect([key, Math.abs(sum / runs) < (4 * sd(key)) / Math.sqrt(runs)]).toEqual([key, true]);
    }
    expect(sd('cascade-dr')).toBeLessThan(0.9 * sd('rips'));
    expect(sd('rips')).toBeLessThan(sd('slate-ips'));
  });

  it('opens for a better policy, closes for a worse one, and says when there is too little', () => {
    const better = run(12_000, BETTER, 'gate');
    expect([better.gate.answer, failing(better)]).toEqual(['yes', []]);
    expect(better.difference.bound.lower).toBeLessThan(truth - logged);
    const worse = run(12_000, WORSE, 'gate');
    expect([worse.gate.answer, failing(worse)]).toEqual(['no', ['improvement']]);
    const few = run(600, BETTER, 'gate');
    expect([few.gate.answer, failing(few)]).toEqual([
      'not-enough-evidence',
      expect.arrayContaining(['effective-sample']),
    ]);
  });

  it('does not judge what the log could not have served, or wrong propensities', () => {
    const support = { kind: 'unknown', violations: 0, unsupportedMass: 0 } as const;
    expect(failing(run(6000, BETTER, 'gate', {}, { support }))).toContain('support');
    const lost = { kind: 'repeated', violations: 3, unsupportedMass: 0.1 } as const;
    expect(run(6000, BETTER, 'gate', {}, { support: lost }).gate.clauses[0]?.prose).toContain('In 3 rows');
    const { log, target } = play(12_000, BETTER, createRng('gate'));
    // Item 0 was logged with a quarter more than its probability.
    const propensity = log.propensity.map((p, at) => (log.action[at] === 0 ? Math.min(1, 1.25 * p) : p));
    const wrong = evaluateSlates({ ...log, propensity }, target, { bootstrap: { resamples: 20 } });
    expect(wrong.gate.answer).toBe('not-enough-evidence');
    expect(failing(wrong)).toEqual(expect.arrayContaining(['mean-weight', 'slot-weight', 'action-weight']));
    expect(wrong.diagnostics.worstAction).toMatchObject({ action: 0 });
    expect(failing(run(6000, BETTER, 'gate', { audited: false }))).toContain('audit');
  });
});
