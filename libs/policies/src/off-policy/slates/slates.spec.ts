import { describe, expect, it } from '@jest/globals';
import { createRng, DomainError } from '#experiments';
import { clustersOf } from '../statistics.js';
import { modelChoice } from '../cross-fit.js';
import { cascadeBaseline } from './baseline.js';
import { evaluateSlates } from './evaluate.js';
import type { SlateEvaluation, SlateOptions } from './evaluate.js';
import { NO_ACTION, slateRowsOf } from './logged.js';
import type { LoggedSlates } from './logged.js';
import {
  BETTER,
  LOGGED,
  playSlates,
  REPEATED,
  slateCoverage,
  slateValue,
  WORSE,
} from '../testing/slate-study.js';
import type { SlateErrors, SlatePolicy } from '../testing/slate-study.js';

const run = (
  n: number,
  candidate: SlatePolicy,
  seed: string,
  options: SlateOptions = {},
  change: Partial<LoggedSlates> = {},
) => {
  const { log, target } = playSlates(n, candidate, createRng(seed));
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

  it('takes the slates of the exploration slice into the estimates, not into what the log earned by itself', () => {
    const { log: world, target: wanted } = playSlates(400, BETTER, createRng('slice'));
    const explored = Uint8Array.from({ length: 400 }, (_, i) => Number(i % 4 === 0));
    const quick = { bootstrap: { resamples: 20 } };
    const marked = evaluateSlates({ ...world, explored }, wanted, quick);
    const plain = evaluateSlates(world, wanted, quick);
    expect(marked.estimates).toEqual(plain.estimates);
    const sums = Array.from({ length: 400 }, (_, i) =>
      world.reward.subarray(i * world.slots, (i + 1) * world.slots).reduce((a, b) => a + b, 0),
    );
    const own = sums.filter((_, i) => i % 4 !== 0);
    expect(marked.baseline.value).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12);
    expect(marked.difference.value).not.toBeCloseTo(plain.difference.value, 6);
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
  const gain = slateValue(BETTER) - slateValue(LOGGED);

  it('intervals hold the truth, the bound always, and cascade-DR is the steadiest that assumes a cascade', () => {
    const runs = 120;
    const { errors, bounded } = slateCoverage(runs, 400, 'coverage');
    expect(bounded).toBe(1);
    const of = (key: string) => errors[key] as SlateErrors;
    for (const key of ['slate-ips', 'slate-ips-sn', 'rips-sn', 'rips', 'cascade-dr']) {
      const { bias, covered, rmse } = of(key);
      // 95 % within three standard errors of such a simulation, and no bias beyond four.
      expect([key, covered >= 0.89]).toEqual([key, true]);
      expect([key, Math.abs(bias) < (4 * rmse) / Math.sqrt(runs)]).toEqual([key, true]);
    }
    expect(of('cascade-dr').rmse).toBeLessThan(0.9 * of('rips').rmse);
    expect(of('rips').rmse).toBeLessThan(of('slate-ips').rmse);
  });

  it('opens for a better policy, closes for a worse one, and says when there is too little', () => {
    const better = run(12_000, BETTER, 'gate');
    expect([better.gate.answer, failing(better)]).toEqual(['yes', []]);
    expect(better.difference.bound.lower).toBeLessThan(gain);
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
    const { log, target } = playSlates(12_000, BETTER, createRng('gate'));
    // Item 0 was logged with a quarter more than its probability.
    const propensity = log.propensity.map((p, at) => (log.action[at] === 0 ? Math.min(1, 1.25 * p) : p));
    const wrong = evaluateSlates({ ...log, propensity }, target, { bootstrap: { resamples: 20 } });
    expect(wrong.gate.answer).toBe('not-enough-evidence');
    expect(failing(wrong)).toEqual(expect.arrayContaining(['mean-weight', 'slot-weight', 'action-weight']));
    expect(wrong.diagnostics.worstAction).toMatchObject({ action: 0 });
    expect(failing(run(6000, BETTER, 'gate', { audited: false }))).toContain('audit');
  });
});
