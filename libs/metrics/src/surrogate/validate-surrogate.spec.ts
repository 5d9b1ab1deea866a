import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  fitSurrogates,
  forecastEffect,
  historyOf,
  surrogateIndex,
  surrogatesOf,
  validateSurrogates,
} from '../index.js';
import type { HistoricalData, PastExperiment } from '../index.js';

const rng = createRng('surrogate-record');

/** Units whose outcome follows the first surrogate, and `direct` of it comes past the surrogates. */
function arm(n: number, shift: number, direct = 0): HistoricalData {
  const first = Array.from({ length: n }, () => shift + rng.normal());
  const second = Array.from({ length: n }, () => 50 + 4 * rng.normal());
  return {
    surrogates: [first, second],
    outcome: first.map((x) => (rng.uniform() < Math.min(1, Math.max(0, 0.4 + 0.1 * x + direct)) ? 1 : 0)),
  };
}

const past = (effects: readonly number[], direct = 0): PastExperiment[] =>
  effects.map((effect, i) => ({
    key: `e${i}`,
    control: arm(1500, 0),
    treatments: [arm(1500, effect, direct)],
  }));

describe('a forecast from summaries', () => {
  it('is that of the units behind them, whatever the offset', () => {
    const history = historyOf(past([0.2, 0.4]));
    const [control, treatment] = [arm(400, 0), arm(300, 0.5)];
    const shifted = (part: HistoricalData): HistoricalData => ({
      ...part,
      surrogates: part.surrogates.map((column) => Array.from(column, (x) => x + 1e6)),
    });
    const units = surrogateIndex(history, {
      surrogates: [0, 1].map((j) => [
        ...Array.from(control.surrogates[j] ?? []),
        ...Array.from(treatment.surrogates[j] ?? []),
      ]),
      treatment: [...Array.from({ length: 400 }, () => 0), ...Array.from({ length: 300 }, () => 1)],
    });
    if (!units.ok) throw new Error(units.reason);
    for (const change of [(part: HistoricalData) => part, shifted]) {
      const model = fitSurrogates(change(history));
      if (!model.ok) throw new Error(model.reason);
      const result = forecastEffect(
        model.value,
        surrogatesOf(change(control).surrogates),
        surrogatesOf(change(treatment).surrogates),
      );
      if (!result.ok) throw new Error(result.reason);
      expect(result.value.estimate).toBeCloseTo(units.value.estimate, 9);
      expect(result.value.standardError).toBeCloseTo(units.value.standardError, 9);
    }
  });

  it('says how much of the outcome the surrogates explain: R squared of a line by hand', () => {
    const x = [1, 2, 3, 4];
    const y = [1, 3, 2, 4];
    // Correlation 0.8.
    const model = fitSurrogates({ surrogates: [x], outcome: y });
    expect(model.ok && model.value.explained).toBeCloseTo(0.64, 12);
  });
});

describe('the record of forecasts', () => {
  it('covers what happened, and finds clear effects that went through the surrogates', () => {
    const record = validateSurrogates(past([0, 0.6, 0.8, 0.7, 1, 0, 0.9, 0.6]), 0.05);
    expect(record).toMatchObject({ experiments: 8, arms: 8 });
    expect(record.covered).toBeGreaterThanOrEqual(6);
    expect(record.clear).toBeGreaterThanOrEqual(4);
    expect(record.foreseen).toBe(record.clear);
  });

  it('covers about 95 of 100 where the assumptions hold', () => {
    const many = Array.from({ length: 80 }, (_, i): PastExperiment => {
      const effect = (i % 5) / 10;
      return { key: `e${i}`, control: arm(100, 0), treatments: [arm(100, effect)] };
    });
    const { covered, arms } = validateSurrogates(many, 0.05);
    expect(arms).toBe(80);
    // Binomial(80, 0.95): 99.9 % are 68 or more.
    expect(covered).toBeGreaterThanOrEqual(68);
  });

  it('misses, and does not cover, effects that pass by the surrogates', () => {
    const record = validateSurrogates(past([0, 0, 0, 0, 0, 0], 0.15), 0.05);
    expect(record.clear).toBe(6);
    expect(record.foreseen).toBeLessThanOrEqual(1);
    expect(record.covered).toBeLessThanOrEqual(1);
  });

  it('is empty for fewer than two experiments', () => {
    expect(validateSurrogates(past([0.5]), 0.05)).toMatchObject({ experiments: 0, arms: 0 });
    expect(validateSurrogates([], 0.05)).toMatchObject({ arms: 0, covered: 0 });
  });
});
