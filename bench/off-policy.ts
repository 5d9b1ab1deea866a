import { coverageStudy, gateStudy, LOGS } from '../libs/policies/src/off-policy/testing/study.js';
import {
  BETTER,
  REPEATED,
  slateCoverage,
  slateGateStudy,
  WORSE,
} from '../libs/policies/src/off-policy/testing/slate-study.js';
import { figureOf } from './figure.js';
import type { Figure } from './figure.js';

const RUNS = 1000;
const ROWS = 2000;
const GATE_RUNS = 200;
const GATE_ROWS = 10_000;
const SLATE_GATE_RUNS = 100;

/** Do 95 % intervals of off-policy estimates hold the truth, and does the gate refuse logs without overlap? */
export function benchOffPolicy(): Promise<Figure[]> {
  const { covered } = coverageStudy(RUNS, ROWS, 'bench-off-policy');
  const judged = ['dr', 'snips'];
  const band = (key: string, side: 'atLeast' | 'atMost'): Figure =>
    figureOf(
      {
        key: `off-policy-coverage-${key}-${side === 'atLeast' ? 'low' : 'high'}`,
        title: `coverage of 95 % intervals, ${key}`,
        unit: '%',
        value: 100 * (covered[key] ?? NaN),
        ceiling: null,
        target: side === 'atLeast' ? { of: 'value', atLeast: 93 } : { of: 'value', atMost: 97 },
      },
      { runs: RUNS, rows: ROWS, ips: 100 * (covered['ips'] ?? NaN), sndr: 100 * (covered['sndr'] ?? NaN) },
    );
  const kinds = Object.keys(LOGS) as (keyof typeof LOGS)[];
  const gates = kinds.map((kind) => ({ kind, yes: gateStudy(kind, GATE_RUNS, GATE_ROWS, 'bench') }));
  return Promise.resolve([
    ...judged.flatMap((key) => [band(key, 'atLeast'), band(key, 'atMost')]),
    ...gates.map(({ kind, yes }, i) =>
      figureOf(
        {
          key: `off-policy-gate-${i}`,
          title: `gate says yes, log: ${kind}`,
          unit: '%',
          value: 100 * yes,
          ceiling: null,
          target: kind === 'overlap' ? { of: 'value', atLeast: 80 } : { of: 'value', atMost: 0 },
        },
        { runs: GATE_RUNS, rows: GATE_ROWS },
      ),
    ),
    ...slateFigures(),
  ]);
}

/** The same of slates: coverage, the bound of the difference, and the gate. */
function slateFigures(): Figure[] {
  const { errors, bounded } = slateCoverage(RUNS, ROWS, 'bench-slates');
  const figure = (key: string, title: string, value: number, target: Figure['target']): Figure =>
    figureOf(
      { key: `off-policy-slates-${key}`, title, unit: '%', value: 100 * value, ceiling: null, target },
      { runs: RUNS, slates: ROWS },
    );
  const unknown = { support: { ...REPEATED, kind: 'unknown' as const } };
  const gate = (candidate: typeof BETTER, change = {}) =>
    slateGateStudy(candidate, SLATE_GATE_RUNS, GATE_ROWS, 'bench-slates', change);
  return [
    ...['slate-ips-sn', 'rips-sn', 'rips-cv', 'cascade-dr'].flatMap((key) => [
      figure(`${key}-low`, `coverage of 95 % intervals, ${key}`, errors[key]?.covered ?? NaN, {
        of: 'value',
        atLeast: 93,
      }),
      figure(`${key}-high`, `coverage of 95 % intervals, ${key}`, errors[key]?.covered ?? NaN, {
        of: 'value',
        atMost: 97,
      }),
    ]),
    figure('bound', 'bound of the difference holds', bounded, { of: 'value', atLeast: 95 }),
    figure('gate-better', 'gate says yes to a better policy of slates', gate(BETTER), {
      of: 'value',
      atLeast: 80,
    }),
    figure('gate-worse', 'gate says yes to a worse policy of slates', gate(WORSE), {
      of: 'value',
      atMost: 0,
    }),
    figure('gate-unknown', 'gate says yes, overlap unknown', gate(BETTER, unknown), {
      of: 'value',
      atMost: 0,
    }),
  ];
}
