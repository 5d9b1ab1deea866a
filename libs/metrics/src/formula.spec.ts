import { describe, expect, it } from '@jest/globals';
import type { Moments } from './contract.js';
import { estimatorRegistry } from './estimators/index.js';
import { formulaOf } from './formula.js';
import { fromCounts, fromValues } from './moments.js';

type Kind = Parameters<typeof formulaOf>[3];

const linesOf = (control: Moments, treatment: Moments, kind: Kind, estimator = 'welch'): string[] =>
  formulaOf(
    control,
    treatment,
    estimatorRegistry.get(estimator).compare(control, treatment, { alpha: 0.05, adjust: true, kind }),
    kind,
  );

/** Puts the arithmetic between the last two "=" of a line into JavaScript and works it out. */
function workOut(line: string): { sum: number; result: number } {
  const [sum, result] = line.split(' = ').slice(-2) as [string, string];
  const script = sum
    .replaceAll(/(?<=\d),(?=\d)/g, '')
    .replaceAll('\u2212', '-')
    .replaceAll('×', '*')
    .replaceAll('√', 'Math.sqrt');
  return {
    sum: Number(new Function(`return ${script}`)()),
    result: Number.parseFloat(result.replaceAll(',', '').replaceAll('\u2212', '-')),
  };
}

const values = (shift: number, n = 300): number[] =>
  Array.from({ length: n }, (_, i) => ((i * 37) % 101) + shift);
const before = (n = 300): number[] => Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 2 + (i % 7));
const ones = (n: number): number[] => Array.from({ length: n }, (_, i) => 1 + (i % 4));

describe('formulaOf', () => {
  it.each<[string, Moments, Moments, Kind]>([
    ['mean', fromValues(values(0)), fromValues(values(5, 280)), 'mean'],
    [
      'adjusted mean',
      fromValues(values(0), undefined, before()),
      fromValues(values(5), undefined, before()),
      'mean',
    ],
    ['share', fromCounts(2000, 200), fromCounts(2100, 250), 'proportion'],
    ['ratio', fromValues(values(0), ones(300)), fromValues(values(9), ones(300)), 'ratio'],
    [
      'adjusted ratio',
      fromValues(values(0), ones(300), before()),
      fromValues(values(9), ones(300), before()),
      'ratio',
    ],
    ['loss', fromValues(values(5)), fromValues(values(-70)), 'mean'],
  ])('puts the numbers of a %s in so that the sums work out', (_name, control, treatment, kind) => {
    const lines = linesOf(control, treatment, kind);
    const effect = estimatorRegistry
      .get('welch')
      .compare(control, treatment, { alpha: 0.05, adjust: true, kind });
    const line = (begin: string): string => lines.find((one) => one.startsWith(begin)) as string;
    const difference = workOut(line('Difference'));
    expect(difference.sum).toBeCloseTo(difference.result, 3);
    expect(difference.result).toBeCloseTo(effect.estimate as number, 4);
    const error = workOut(line('Standard error'));
    expect(error.sum).toBeCloseTo(error.result, 5);
    expect(error.result).toBeCloseTo(effect.standardError as number, 5);
    const [, low, high] =
      /= (\S+) to (\S+)$/.exec(line('95 % confidence interval').replaceAll('\u2212', '-')) ?? [];
    expect(Number(low)).toBeCloseTo(effect.interval?.lower as number, 4);
    expect(Number(high)).toBeCloseTo(effect.interval?.upper as number, 4);
    expect(lines.some((one) => one.startsWith('CUPED slope'))).toBe(effect.adjusted);
    expect(line('Lift')).toContain('by Fieller');
  });

  it('names the kind of interval, and is empty where nothing can be computed', () => {
    const [a, b] = [fromValues(values(0)), fromValues(values(5))];
    expect(
      linesOf(a, b, 'mean', 'asymptotic-cs').some((line) => line.startsWith('95 % always-valid interval')),
    ).toBe(true);
    expect(linesOf(fromValues([1]), b, 'mean')).toEqual([]);
  });
});
