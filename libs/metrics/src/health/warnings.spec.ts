import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { HealthFacts, Moments, WarningId } from '../contract.js';
import { metricRegistry } from '../definitions/index.js';
import { fromCounts } from '../moments.js';
import { buildReport } from '../report.js';
import { DEFAULT_ASSIGNMENT_RULES, EXCLUDABLE_STATES, healthChecks, runHealthChecks } from './index.js';
import { groupRatios, sequentialRatio } from './sample-ratio.js';

const NOW = '2026-05-20T12:00:00.000Z';

/** A healthy running experiment of 10,000 units, about which everything is known. */
const healthy: HealthFacts = {
  arms: [
    { key: 'control', weight: 1, units: 5010 },
    { key: 'b', weight: 1, units: 4990 },
  ],
  totalUnits: 10_010,
  crossoverUnits: 10,
  daysRunning: 14,
  running: true,
  asOf: NOW,
  plan: { days: 14, endsAt: '2026-05-19T00:00:00.000Z', units: null },
  pausedDays: 0,
  entries: Array.from({ length: 10 }, (_, i) => ({
    day: `2026-05-${String(6 + i).padStart(2, '0')}`,
    weights: [1, 1],
    units: [501, 499],
  })),
  groups: [
    { dimension: 'device', value: 'tv', units: [2010, 1990], expected: [2000, 2000] },
    { dimension: 'bot', value: 'true', units: [20, 22], expected: [21, 21] },
    { dimension: 'bot', value: 'false', units: [4990, 4968], expected: [4979, 4979] },
  ],
  segmentsLookedAt: 1,
  edits: [],
  traffic: { decisions: 1000, expected: 1010, since: '2026-08-01T00:00:00.000Z', change: null },
  dealtAnew: { phase: 2, units: 1000, seenBefore: 40 },
  ingestLagSeconds: 5,
  snapshots: [{ arm: 'b', policy: 'Artwork', ageSeconds: 170, cadenceSeconds: 60 }],
  overlap: [{ arm: 'b', decisions: 5000, effectiveSize: 501, minPropensity: 0.02, floor: 0.02, missing: 49 }],
  concentration: [{ arm: 'b', of: 'plays', units: 100, topShare: 0.05 }],
  rewards: [{ arm: 'b', rewards: 5000, maxZ: 6, odd: 0 }],
  stream: {
    eventsStored: 100_000,
    duplicates: 5000,
    exposuresWithoutDecision: 499,
    sampled: 1000,
    late: 49,
    early: 0,
    outcomesWithDecision: 600,
    unmatched: 5,
  },
  assignment: {
    rules: DEFAULT_ASSIGNMENT_RULES,
    states: EXCLUDABLE_STATES.map((state) => ({ state, units: 9 })),
    everybody: {
      units: [5015, 4995],
      entries: Array.from({ length: 10 }, (_, i) => ({
        day: `2026-05-${String(6 + i).padStart(2, '0')}`,
        weights: [1, 1],
        units: [501, 499],
      })),
    },
    unseen: [
      { arm: 'control', decided: 1000, unseen: 100 },
      { arm: 'b', decided: 1000, unseen: 105 },
    ],
  },
  trends: [{ metric: 'Play rate', arm: 'b', slopePerDay: -0.002, qValue: 0.05 }],
  eventRates: [{ event: 'cancel', arm: 'b', periods: [{ weights: [1, 1], events: [200, 240] }] }],
  propensities: [{ arm: 'b', decisions: 5000, meanInverse: 4.02, standardError: 0.05, expected: 4 }],
  estimator: { title: 'Confidence sequence', validUnderPeeking: true },
  matured: { metric: 'Play rate', arm: 'b', units: 100 },
  guardrails: [{ metric: 'Cancellations', arm: 'b', margin: 0.02, leastHarm: 0.01, harmed: false }],
  metricsLookedAt: 20,
  maturity: [{ metric: 'Day-7 retention', matured: 8001, enrolled: 10_000 }],
  balance: [{ metric: 'Watch minutes', arm: 'b', units: 10_000, pValue: 0.0011 }],
  power: {
    metric: 'Play rate',
    arm: 'b',
    detectableLift: 0.06,
    minimumLift: 0.05,
    unitsNeededPerArm: 2000,
    decided: false,
    projectedPower: 0.8,
  },
};

const arms = (control: number, b: number): Partial<HealthFacts> => ({
  arms: [
    { key: 'control', weight: 1, units: control },
    { key: 'b', weight: 1, units: b },
  ],
  totalUnits: control + b,
});
const ended: Partial<HealthFacts> = { running: false };
const welch = { title: 'Welch t', validUnderPeeking: false };

interface Case {
  readonly id: WarningId;
  readonly check: string;
  /** The smallest change of the healthy facts that fires it, and one that just does not. */
  readonly fires: Partial<HealthFacts>;
  readonly nearMiss: Partial<HealthFacts>;
  readonly status?: 'warn' | 'fail';
  readonly blocks?: boolean;
}

// chi-square, one degree of freedom: (b - a)^2 / n. p < .001 from 10.828 on, p < .01 from 6.635 on.
const CASES: readonly Case[] = [
  {
    id: 'SRM-R',
    check: 'sample-ratio',
    fires: { ...ended, ...arms(5165, 4835) },
    nearMiss: { ...ended, ...arms(5164, 4836) },
    status: 'fail',
    blocks: true,
  },
  {
    id: 'SRM-Y',
    check: 'sample-ratio',
    fires: { ...ended, ...arms(5129, 4871) },
    nearMiss: { ...ended, ...arms(5128, 4872) },
  },
  {
    id: 'XOVER',
    check: 'crossover',
    fires: { crossoverUnits: 101 },
    nearMiss: { crossoverUnits: 100 },
    status: 'fail',
    blocks: true,
  },
  {
    id: 'PEEK',
    check: 'peek',
    fires: { estimator: welch, plan: { days: 14, endsAt: '2026-05-20T12:00:01.000Z', units: null } },
    nearMiss: { estimator: welch, plan: { days: 14, endsAt: NOW, units: null } },
  },
  {
    // Stopped on the day on which it looked good, at a fifth of its units.
    id: 'PEEK',
    check: 'peek',
    fires: { ...ended, estimator: welch, plan: { ...healthy.plan!, units: 50_050 } },
    nearMiss: { ...ended, estimator: welch, plan: { ...healthy.plan!, units: 10_010 } },
  },
  {
    // It is long after the planned end, but the experiment did not run until then.
    id: 'PEEK',
    check: 'peek',
    fires: { ...ended, estimator: welch, daysRunning: 13.9 },
    nearMiss: { ...ended, estimator: welch, daysRunning: 14 },
  },
  {
    id: 'PEEK',
    check: 'peek',
    fires: { estimator: { ...welch, looks: { now: 0.4, next: 0.5 } } },
    nearMiss: { estimator: { ...welch, looks: { now: 0.5, next: null } } },
  },
  {
    id: 'POWER',
    check: 'power',
    fires: { power: { ...healthy.power!, projectedPower: 0.799 } },
    nearMiss: {},
  },
  {
    id: 'EARLY',
    check: 'full-week',
    fires: { plan: { ...healthy.plan!, days: 7 }, daysRunning: 6.99 },
    nearMiss: { plan: { ...healthy.plan!, days: 7 }, daysRunning: 7 },
  },
  { id: 'EARLY', check: 'full-week', fires: { pausedDays: 0.01 }, nearMiss: { pausedDays: 0 } },
  {
    id: 'EARLY',
    check: 'sample-size',
    fires: { matured: { metric: 'Play rate', arm: 'b', units: 99 } },
    nearMiss: {},
  },
  {
    id: 'NOVELTY',
    check: 'novelty',
    fires: { trends: [{ ...healthy.trends![0]!, qValue: 0.049 }] },
    nearMiss: {},
  },
  {
    id: 'GUARD',
    check: 'guardrail',
    fires: { guardrails: [{ ...healthy.guardrails![0]!, harmed: true }] },
    nearMiss: {},
  },
  {
    id: 'GUARD',
    check: 'guardrail',
    fires: { guardrails: [{ ...healthy.guardrails![0]!, harmed: true, leastHarm: 0.021 }] },
    nearMiss: { guardrails: [{ ...healthy.guardrails![0]!, leastHarm: 0.021 }] },
    status: 'fail',
  },
  { id: 'LAG', check: 'ingest-lag', fires: { ingestLagSeconds: 301 }, nearMiss: { ingestLagSeconds: 300 } },
  {
    id: 'LAG',
    check: 'ingest-lag',
    fires: { ingestLagSeconds: 3601 },
    nearMiss: { ingestLagSeconds: 299 },
    status: 'fail',
    blocks: true,
  },
  {
    id: 'STALE',
    check: 'snapshot-age',
    fires: { snapshots: [{ ...healthy.snapshots![0]!, ageSeconds: 181 }] },
    nearMiss: { snapshots: [{ ...healthy.snapshots![0]!, ageSeconds: 180 }] },
    status: 'fail',
  },
  {
    id: 'OVERLAP',
    check: 'overlap',
    fires: { overlap: [{ ...healthy.overlap![0]!, effectiveSize: 499 }] },
    nearMiss: { overlap: [{ ...healthy.overlap![0]!, effectiveSize: 500 }] },
  },
  {
    id: 'OVERLAP',
    check: 'overlap',
    fires: { overlap: [{ ...healthy.overlap![0]!, minPropensity: 0.0199 }] },
    nearMiss: {},
  },
  {
    id: 'EDIT',
    check: 'edit',
    fires: { edits: [{ at: '2026-05-10T00:00:00.000Z', what: ['allocation'], newPhase: true }] },
    nearMiss: {},
  },
  {
    id: 'POISON',
    check: 'poison',
    fires: { concentration: [{ ...healthy.concentration![0]!, topShare: 0.051 }] },
    nearMiss: {},
  },
  {
    id: 'POISON',
    check: 'poison',
    fires: { rewards: [{ ...healthy.rewards![0]!, maxZ: 6.1 }] },
    nearMiss: { rewards: [{ ...healthy.rewards![0]!, maxZ: null }] },
  },
  {
    id: 'MANY',
    check: 'many-comparisons',
    fires: { metricsLookedAt: 7, segmentsLookedAt: 3 },
    nearMiss: { metricsLookedAt: 10, segmentsLookedAt: 2 },
  },
  {
    id: 'IMMATURE',
    check: 'immature',
    fires: { maturity: [{ ...healthy.maturity![0]!, matured: 8000 }] },
    nearMiss: {},
  },
];

const ALL: Readonly<Record<WarningId, true>> = {
  'SRM-R': true,
  'SRM-Y': true,
  XOVER: true,
  PEEK: true,
  POWER: true,
  EARLY: true,
  NOVELTY: true,
  GUARD: true,
  LAG: true,
  STALE: true,
  OVERLAP: true,
  EDIT: true,
  POISON: true,
  MANY: true,
  IMMATURE: true,
};

const resultOf = (check: string, given: Partial<HealthFacts>) =>
  runHealthChecks({ ...healthy, ...given }).find(({ key }) => key === check);

describe('warnings', () => {
  it('are silent on a healthy experiment, on which every check but the one for closed arms runs', () => {
    const results = runHealthChecks(healthy);
    expect(results.filter(({ status }) => status !== 'pass').map(({ key }) => key)).toEqual([]);
    expect(healthChecks.length - results.length).toBe(1);
    expect(results.every((result) => result.warning === null && result.nextSteps.length === 0)).toBe(true);
  });

  it('have a fixture for every id', () => {
    expect(new Set(CASES.map(({ id }) => id))).toEqual(new Set(Object.keys(ALL)));
  });

  it.each(CASES)('$id ($check) fires on its fixture and not on the near miss', (one) => {
    const fired = resultOf(one.check, one.fires);
    expect(fired).toMatchObject({
      warning: one.id,
      status: one.status ?? 'warn',
      blocks: one.blocks ?? false,
    });
    expect(fired?.likelyCauses.length).toBeGreaterThan(0);
    expect(fired?.nextSteps.length).toBeGreaterThan(0);
    const missed = resultOf(one.check, one.nearMiss);
    expect(missed?.warning).not.toBe(one.id);
    expect(JSON.stringify([fired, missed])).not.toMatch(/NaN|Infinity|undefined/);
  });

  const WITHOUT_ID: readonly (readonly [string, Partial<HealthFacts>, 'warn' | 'fail', boolean])[] = [
    ['missing-propensity', { overlap: [{ ...healthy.overlap![0]!, missing: 50 }] }, 'fail', true],
    ['odd-rewards', { rewards: [{ ...healthy.rewards![0]!, odd: 49 }] }, 'warn', false],
    ['odd-rewards', { rewards: [{ ...healthy.rewards![0]!, odd: 50 }] }, 'fail', true],
    ['covariate-balance', { balance: [{ ...healthy.balance![0]!, pValue: 0.0009 }] }, 'warn', false],
    [
      'exposures-without-decision',
      { stream: { ...healthy.stream!, exposuresWithoutDecision: 500 } },
      'warn',
      false,
    ],
    ['carry-over', { dealtAnew: { phase: 2, units: 1000, seenBefore: 50 } }, 'warn', false],
    ['unmatched-outcomes', { stream: { ...healthy.stream!, unmatched: 6 } }, 'warn', false],
    ['duplicates', { stream: { ...healthy.stream!, duplicates: 5264 } }, 'warn', false],
    ['late-events', { stream: { ...healthy.stream!, early: 1 } }, 'warn', false],
    [
      'testers',
      {
        groups: [
          { dimension: 'bot', value: 'true', units: [50, 50], expected: [50, 50] },
          { dimension: 'bot', value: 'false', units: [4950, 4950], expected: [4950, 4950] },
        ],
      },
      'warn',
      false,
    ],
    [
      'split-by-group',
      { groups: [{ dimension: 'device', value: 'tv', units: [2150, 1850], expected: [2000, 2000] }] },
      'warn',
      false,
    ],
  ];
  it.each(WITHOUT_ID)('%s fires at its threshold', (check, given, status, blocks) => {
    expect(resultOf(check, given)).toMatchObject({ status, blocks });
  });
});

describe('sample ratio over time', () => {
  /** One day per row; the allocation changes half-way. */
  const daily = (tilt: number, seed: string, days = 60) => {
    const rng = createRng(seed);
    return Array.from({ length: days }, (_, day) => {
      const [a, b] = day < days / 2 ? [1, 1] : [4, 1];
      const planned = a / (a + b);
      const wanted = planned + tilt;
      const control = Math.round(400 * wanted + Math.sqrt(400 * wanted * (1 - wanted)) * rng.normal());
      return { day: `d${String(day).padStart(3, '0')}`, weights: [a, b], units: [control, 400 - control] };
    });
  };

  it('keeps its error although it is looked at every day, also over a change of the allocation', () => {
    const runs = 2000;
    let alarms = 0;
    for (let i = 0; i < runs; i++) if ((sequentialRatio(daily(0, `null ${i}`))?.pValue ?? 1) < 0.01) alarms++;
    // Ville: at most 1 % of sequences ever alarm; 99.9 % band of 2,000 runs.
    expect(alarms / runs).toBeLessThan(0.01 + 3.29 * Math.sqrt((0.01 * 0.99) / runs));
  });

  it('finds a leak of two points and says on which day it first could', () => {
    const found = sequentialRatio(daily(0.02, 'leak'));
    expect(found?.pValue).toBeLessThan(0.001);
    expect(found?.failedOn).toMatch(/^d0\d\d$/);
  });

  it('judges a running experiment by the sequential test, an ended one by chi-square', () => {
    // One look: chi-square 10.9 over the whole; the sequential test is not convinced.
    const entries = [{ day: '2026-05-06', weights: [1, 1], units: [5165, 4835] }];
    const running = resultOf('sample-ratio', { ...arms(5165, 4835), entries });
    expect(running).toMatchObject({ status: 'warn', blocks: false, warning: 'SRM-Y' });
    expect(resultOf('sample-ratio', { ...arms(5165, 4835), entries, ...ended })).toMatchObject({
      status: 'fail',
    });
    const strong = [{ day: '2026-05-06', weights: [1, 1], units: [5300, 4700] }];
    expect(resultOf('sample-ratio', { ...arms(5300, 4700), entries: strong })).toMatchObject({
      status: 'fail',
      blocks: true,
      firstSeen: '2026-05-06',
    });
  });

  it('fails a running experiment for one group that lost an arm, if the whole is suspicious too', () => {
    const tv = (control: number, b: number) => [
      { dimension: 'device', value: 'tv', units: [control, b], expected: [60, 60] },
    ];
    const entries = [{ day: '2026-05-06', weights: [1, 1], units: [459, 345] }];
    const few = { ...arms(459, 345), entries };
    expect(resultOf('sample-ratio', { ...few, groups: tv(120, 0) })).toMatchObject({ status: 'fail' });
    expect(resultOf('sample-ratio', { ...few, groups: tv(80, 40) })).toMatchObject({ status: 'warn' });
    expect(resultOf('sample-ratio', { groups: tv(120, 0) })).toMatchObject({ status: 'pass' });
  });

  it('expects of a changed allocation the sum over its phases', () => {
    const entries = [
      { day: '2026-05-06', weights: [1, 1], units: [1000, 1000] },
      { day: '2026-05-07', weights: [9, 1], units: [7200, 800] },
    ];
    const given: Partial<HealthFacts> = {
      arms: [
        { key: 'control', weight: 1000 + 7200, units: 8200 },
        { key: 'b', weight: 1000 + 800, units: 1800 },
      ],
      totalUnits: 10_000,
      entries,
      groups: [],
    };
    expect(resultOf('sample-ratio', given)).toMatchObject({ status: 'pass' });
    expect(resultOf('split-by-group', given)).toMatchObject({ status: 'pass' });
  });

  it('names the worst group and leaves out those too small to tell', () => {
    const groups = [
      { dimension: 'device', value: 'phone', units: [3000, 3000], expected: [3000, 3000] },
      { dimension: 'device', value: 'tv', units: [1500, 1000], expected: [1250, 1250] },
      { dimension: 'device', value: 'fridge', units: [8, 1], expected: [4.5, 4.5] },
    ];
    const ratios = groupRatios({ ...healthy, entries: [], groups });
    expect(ratios.map(({ value }) => value)).toEqual(['tv', 'phone']);
    const failed = resultOf('sample-ratio', { ...ended, ...arms(4508, 4001), entries: [], groups });
    expect(failed?.explanation).toMatch(/Worst in device tv \(off by 10\.0 %/);
  });
});

describe('what warnings do to the verdict', () => {
  const mean = (value: number): Moments => ({
    n: 50_000,
    mean: [value, 1, 0],
    comoment: [49_999 * 100, 0, 0, 0, 0, 0],
    nonZero: 50_000,
  });
  /** The report of an arm with these watch minutes and cancellations, after some days. */
  const verdictOf = (watch: number, cancels: number, daysRunning: number) => {
    const metric = (key: string, role: 'decision' | 'guardrail') => ({
      definition: metricRegistry.get(key),
      role,
    });
    const cell = (key: string, arm: string, moments: Moments) => ({ metric: key, arm, moments });
    return buildReport({
      arms: [
        { key: 'control', weight: 1, isControl: true },
        { key: 'b', weight: 1, isControl: false },
      ],
      metrics: [metric('watch-minutes', 'decision'), metric('cancellations', 'guardrail')],
      cells: [
        cell('watch-minutes', 'control', mean(30)),
        cell('watch-minutes', 'b', mean(watch)),
        cell('cancellations', 'control', fromCounts(50_000, 2500)),
        cell('cancellations', 'b', fromCounts(50_000, cancels)),
      ],
      facts: { ...healthy, ...arms(50_000, 50_000), crossoverUnits: 0, daysRunning },
    }).verdict;
  };

  it('nothing is decided before the minimum, and harm is not waited out', () => {
    const early = verdictOf(31, 2500, 3);
    expect(early.kind).toBe('too-early');
    expect(early.sentence).toMatch(
      /^Too early to decide: the data span 3 of 14 days\. So far, Watch minutes per unit is better in b/,
    );
    expect(verdictOf(29, 2500, 3).kind).toBe('too-early');
    expect(verdictOf(31, 3200, 3).kind).toBe('stop');
    expect(verdictOf(31, 2500, 14).kind).toBe('ship');
    expect(verdictOf(29, 2500, 14).kind).toBe('stop');
  });
});
