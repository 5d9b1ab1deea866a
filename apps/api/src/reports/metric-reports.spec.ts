import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import {
  bestShare,
  compareRates,
  compareShares,
  estimatorRegistry,
  fromValues,
  linAdjustment,
  multiCuped,
  postStratify,
  postStratifyCuped,
  postStratifyRatio,
  sampleQuantile,
} from '#metrics';
import type { CovariateSums, Effect, MetricDefinition, Moments, Stratum } from '#metrics';
import { clientEvent, decisionRecord } from '../../test/facts.js';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { FactStore } from '../persistence/fact-store.js';
import { encodeDecision } from '../queues/decision-lines.js';
import { encodeEvent } from '../queues/event-lines.js';
import type { ClientEvent } from '../queues/jobs.js';
import { rollUpAll } from '../rollups/roll-up-all.js';
import type { AdjustmentsReport } from './adjustments.js';
import type { BayesianReport } from './bayesian-report.js';
import type { CappingReport } from './capping.js';

const DAY = 86_400_000;
const NOW = Date.now();
const START = Math.floor(NOW / DAY) * DAY - 20 * DAY;
const ARMS = ['control', 'b', 'c'] as const;

const own = (key: string, part: Partial<MetricDefinition>): MetricDefinition => ({
  key,
  title: key,
  description: 'A metric of the tests.',
  measuredIn: 'minutes',
  betterWhen: 'higher',
  family: 'engagement',
  kind: 'sum',
  numerator: { fold: 'sum', events: ['watch'], scope: 'unit', scale: 1 / 60 },
  maturityDays: 0,
  ...part,
});

const FIXED = own('minutes-at-most', { cap: { atMost: 60 }, covariateDays: 14 });
const RELATIVE = own('minutes-p90', { cap: { quantile: 0.9 }, covariateDays: 14 });
const PLAYED = own('plays-at-all', {
  kind: 'proportion',
  measuredIn: 'share',
  betterWhen: 'lower',
  minimumLift: 0.05,
  numerator: { fold: 'any', events: ['play'], scope: 'unit' },
});
const METRICS = [
  'watch-minutes',
  'list-adds',
  'completion',
  'watch-minutes-p90',
  FIXED.key,
  RELATIVE.key,
  PLAYED.key,
];

interface Unit {
  readonly id: string;
  readonly arm: string;
  readonly firstAt: number;
  readonly crossover: boolean;
  readonly device: string;
  readonly events: readonly ClientEvent[];
}

/** 600 units with a taste that shows before and after; televisions watch more, and b helps them most. */
function world(): Unit[] {
  const rng = createRng('metric-reports');
  return Array.from({ length: 600 }, (_, u): Unit => {
    const arm = ARMS[u % 3] as string;
    const id = `u${u}`;
    const firstAt = START + Math.floor(rng.uniform() * 12 * DAY);
    const device = ['tv', 'phone', 'web'][rng.below(3)] as string;
    const taste = 1 + rng.below(4) + (device === 'tv' ? 2 : 0);
    const events: ClientEvent[] = [];
    for (let day = -10; day < 6; day++) {
      const at = firstAt + Math.floor((day + rng.uniform()) * DAY);
      const lift = day >= 0 && arm === 'b' ? (device === 'tv' ? 6 : 2) : 0;
      if (rng.uniform() < 0.12 * taste)
        events.push(clientEvent(id, at, { name: 'watch', value: 60 * (rng.below(5 * taste) + lift) }));
      if (rng.uniform() < 0.05 * taste) events.push(clientEvent(id, at, { name: 'list_add' }));
      if (rng.uniform() < 0.04 * taste) events.push(clientEvent(id, at, { name: 'play' }));
      if (rng.uniform() < 0.03 * taste) events.push(clientEvent(id, at, { name: 'complete' }));
    }
    return { id, arm, firstAt, crossover: u % 97 === 5, device, events };
  });
}

const sumOf = ({ events, firstAt }: Unit, name: string, before: boolean): number =>
  events
    .filter((one) => one.name === name && one.at < firstAt === before)
    .reduce((sum, { value }) => sum + (name === 'watch' ? (value ?? 0) / 60 : 1), 0);
const minutes = (unit: Unit, before = false): number => sumOf(unit, 'watch', before);

describe('one metric by other methods', () => {
  let api: TestApi;
  let units: Unit[];
  const clean = (arm: string, device?: string): Unit[] =>
    units.filter((one) => one.arm === arm && !one.crossover && (device ?? one.device) === one.device);
  const get = async <T>(path: string): Promise<T> => {
    const answer = await api.request('GET', `/v1/experiments/x/report/${path}`);
    if (answer.status !== 200) throw new Error(answer.text);
    expect(answer.text).not.toMatch(/NaN|Infinity/);
    return answer.json<T>();
  };

  beforeAll(async () => {
    api = await startTestApi();
    const { database } = api.db;
    await database.query(`insert into surface (key, title, kind) values ('home', 'Home', 'value')`);
    await database.query(`insert into layer (key, title, salt) values ('l', 'L', 'l')`);
    await database.query(
      `insert into metric (key, version, definition, created_by)
       select d ->> 'key', 1, d, 'test' from jsonb_array_elements($1::jsonb) d`,
      [JSON.stringify([FIXED, RELATIVE, PLAYED])],
    );
    const arms = ARMS.map((key) => ({
      key,
      title: key,
      weight: 1,
      isControl: key === 'control',
      treatment: { kind: 'value', value: key },
    }));
    await database.query(
      `insert into experiment (key, title, surface, status, layer, layer_from, layer_to, traffic, arms, salt, decision_metric, secondary_metrics, started_at)
       values ('x', 'X', 'home', 'running', 'l', 0, 1, 1, $1, 'x', $2, $3, $4)`,
      [JSON.stringify(arms), METRICS[0], METRICS.slice(1), new Date(START)],
    );
    units = world();
    const decisions = units.flatMap(({ id, arm, firstAt, crossover, device }) =>
      [arm, ...(crossover ? [arm === 'b' ? 'c' : 'b'] : [])].map((of, i) =>
        decisionRecord(id, firstAt + i * DAY, of, { context: { device, same: 'yes' }, exposed: true }),
      ),
    );
    const store = new FactStore(database);
    await store.insertDecisions(decisions.map(encodeDecision));
    const events = units.flatMap((unit) => unit.events);
    const times = events.map(({ at }) => at);
    await store.insertEvents({
      count: events.length,
      firstAt: Math.min(...times),
      lastAt: Math.max(...times),
      lines: events.map(encodeEvent).join(''),
    });
    await rollUpAll(database, new Date(NOW));
  }, 120_000);
  afterAll(() => api.close());

  const resultsOf = (
    { arms }: AdjustmentsReport,
    arm: string,
  ): Record<string, AdjustmentsReport['arms'][number]['results'][number]> =>
    Object.fromEntries((arms.find((one) => one.arm === arm)?.results ?? []).map((one) => [one.way, one]));

  const strata = (arm: string, of: (members: readonly Unit[]) => Moments): Stratum[] =>
    ['tv', 'phone', 'web'].map((device) => ({
      control: of(clean('control', device)),
      treatment: of(clean(arm, device)),
    }));

  it.each(['hc2', 'hc3'] as const)(
    'adjusts as regressions and sums over the raw units do (%s)',
    async (errors) => {
      const report = await get<AdjustmentsReport>(
        `adjustments?estimator=welch&errors=${errors}&stratifyBy=device`,
      );
      expect(report).toMatchObject({ metric: 'watch-minutes', baseline: 'control', reason: null, errors });
      expect(report.stratifyByChoices).toEqual(['device']);
      expect(report.covariates.map(({ metric }) => metric)).toEqual([
        'watch-minutes',
        'list-adds',
        FIXED.key,
        RELATIVE.key,
      ]);
      // Another metric's value is taken as it is stored, which is before a cap at a quantile: here it repeats the first.
      const x = (one: Unit): number[] => [
        minutes(one, true),
        sumOf(one, 'list_add', true),
        Math.min(60, minutes(one, true)),
        minutes(one, true),
      ];
      for (const arm of ['b', 'c']) {
        const [control, treatment] = [clean('control'), clean(arm)];
        const all = [...control, ...treatment];
        const found = resultsOf(report, arm);
        const moments = (members: readonly Unit[]): Moments =>
          fromValues(
            members.map((one) => minutes(one)),
            undefined,
            members.map((one) => minutes(one, true)),
          );
        const plain = estimatorRegistry
          .get('welch')
          .compare(moments(control), moments(treatment), { alpha: 0.05, kind: 'mean', adjust: false });
        expect(found['unadjusted']?.effect.estimate).toBeCloseTo(plain.estimate as number, 10);
        expect(found['unadjusted']?.varianceReduction).toBe(0);
        const expectEffect = (way: string, estimate: number, standardError: number): void => {
          const { effect, varianceReduction } = found[way] ?? {};
          expect(effect).toMatchObject({ status: 'ok', adjusted: true, control: { n: control.length } });
          expect(effect?.estimate).toBeCloseTo(estimate, 9);
          expect(effect?.standardError).toBeCloseTo(standardError, 9);
          expect(varianceReduction).toBeCloseTo(
            1 - (standardError / (plain.standardError as number)) ** 2,
            9,
          );
          expect(effect?.relative.interval?.lower).toBeLessThan(effect?.relative.estimate as number);
        };
        const lin = linAdjustment({
          y: all.map((one) => minutes(one)),
          treatment: all.map((one) => (one.arm === arm ? 1 : 0)),
          covariates: [0, 1, 2].map((i) => all.map((one) => x(one)[i] as number)),
        });
        const sums = (members: readonly Unit[]): CovariateSums => {
          const add = (f: (one: Unit) => number): number => members.reduce((sum, one) => sum + f(one), 0);
          const at = (one: Unit, i: number): number => x(one)[i] as number;
          const places = [0, 1, 2];
          return {
            n: members.length,
            sum: add((one) => minutes(one)),
            sumSquares: add((one) => minutes(one) ** 2),
            covariateSums: places.map((i) => add((one) => at(one, i))),
            covariateProducts: places.map((i) => places.map((j) => add((one) => at(one, i) * at(one, j)))),
            crossProducts: places.map((i) => add((one) => at(one, i) * minutes(one))),
          };
        };
        const multi = multiCuped(sums(control), sums(treatment));
        const stratified = postStratify(strata(arm, moments), 'absolute');
        const stratifiedCuped = postStratifyCuped(strata(arm, moments), 'absolute');
        if (!lin.ok || !multi.ok || !stratified.ok || !stratifiedCuped.ok) throw new Error('not computed');
        expectEffect('regression', lin.value.estimate, lin.value.standardErrors[errors]);
        expectEffect('cuped-multi', multi.value.estimate, multi.value.standardError);
        expectEffect('post-stratified', stratified.value.estimate, stratified.value.standardError);
        expectEffect(
          'post-stratified-cuped',
          stratifiedCuped.value.estimate,
          stratifiedCuped.value.standardError,
        );
        const cuped = estimatorRegistry
          .get('welch')
          .compare(moments(control), moments(treatment), { alpha: 0.05, kind: 'mean', adjust: true });
        expectEffect('cuped', cuped.estimate as number, cuped.standardError as number);
        expect(found['cuped']?.varianceReduction).toBeGreaterThan(0.1);
      }
    },
  );

  it('says why a way does not fit, and keeps the plain result', async () => {
    const ratio = resultsOf(
      await get<AdjustmentsReport>('adjustments?metric=completion&estimator=welch'),
      'b',
    );
    expect(
      Object.fromEntries(Object.entries(ratio).map(([way, { effect }]) => [way, effect.reason])),
    ).toEqual({
      unadjusted: null,
      cuped: 'no_covariate',
      'cuped-multi': 'means_only',
      regression: 'means_only',
      'post-stratified': null,
      'post-stratified-cuped': 'means_only',
    });
    const parts = (members: readonly Unit[]): Moments =>
      fromValues(
        members.map((one) => sumOf(one, 'complete', false)),
        members.map((one) => sumOf(one, 'play', false)),
      );
    const stratified = postStratifyRatio(strata('b', parts), 'absolute');
    if (!stratified.ok) throw new Error(stratified.reason);
    expect(ratio['post-stratified']?.effect.estimate).toBeCloseTo(stratified.value.estimate, 10);
    expect(ratio['post-stratified']?.effect.standardError).toBeCloseTo(stratified.value.standardError, 10);
    // The default estimator stays always valid in every way of adjusting.
    const sequential = resultsOf(await get<AdjustmentsReport>('adjustments'), 'b')['regression'];
    expect(sequential?.effect.interval?.kind ?? sequential?.effect.reason).toMatch(/always-valid|burn_in/);
    expect(await get('adjustments?metric=watch-minutes-p90')).toMatchObject({
      arms: [],
      reason: 'needs_units',
    });
    for (const [query, field] of [
      ['stratifyBy=same', '/stratifyBy'],
      ['metric=nope', '/metric'],
      ['baseline=nope', '/baseline'],
      ['errors=hc9', '/errors'],
    ] as const) {
      const refused = await api.request('GET', `/v1/experiments/x/report/adjustments?${query}`);
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(field);
    }
  });

  it.each([FIXED, RELATIVE])('shows $key with and without its cap', async ({ key, cap }) => {
    const report = await get<CappingReport>(`capping?metric=${key}&estimator=welch&adjust=true`);
    const counted = units.filter((one) => !one.crossover);
    const quantile = (before: boolean): number =>
      sampleQuantile(
        Float64Array.from(counted.map((one) => minutes(one, before)).filter((value) => value > 0)).sort(),
        0.9,
      );
    const at = (before: boolean): number => (cap && 'atMost' in cap ? cap.atMost : quantile(before));
    expect(report.capAt).toBeCloseTo(at(false), 10);
    const moments = (arm: string, caps: (before: boolean) => number): Moments =>
      fromValues(
        clean(arm).map((one) => Math.min(caps(false), minutes(one))),
        undefined,
        clean(arm).map((one) => Math.min(caps(true), minutes(one, true))),
      );
    for (const { arm, capped, uncapped } of report.arms)
      for (const [got, caps] of [
        [capped, at],
        [uncapped, () => Infinity],
      ] as const) {
        const want: Effect = estimatorRegistry
          .get('welch')
          .compare(moments('control', caps), moments(arm, caps), { alpha: 0.05, kind: 'sum', adjust: true });
        expect(got.estimate).toBeCloseTo(want.estimate as number, 9);
        expect(got.standardError).toBeCloseTo(want.standardError as number, 9);
      }
    expect(report.arms[0]?.capped.estimate).not.toBeCloseTo(report.arms[0]?.uncapped.estimate as number, 3);
    expect(await get('capping?metric=watch-minutes')).toMatchObject({ cap: null, arms: [] });
  });

  it('compares shares and counts by their conjugate models', async () => {
    const report = await get<BayesianReport>(`bayesian?metric=${PLAYED.key}`);
    const shares = ARMS.map((arm) => ({
      n: clean(arm).length,
      successes: clean(arm).filter((one) => sumOf(one, 'play', false) > 0).length,
    }));
    const [control, b] = shares as [(typeof shares)[number], (typeof shares)[number]];
    const pair = compareShares({ a: 1, b: 1 }, control, b, 0.05);
    // The smallest share is best: that of failures with the prior the other way round is the largest.
    const best = bestShare(
      { a: 1, b: 1 },
      shares.map(({ n, successes }) => ({ n, successes: n - successes })),
    );
    if (!pair.ok || !best.ok) throw new Error('not computed');
    expect(report).toMatchObject({
      model: 'beta-binomial',
      equivalence: 0.05,
      betterWhen: 'lower',
      reason: null,
    });
    expect(report.arms.map(({ n, events }) => ({ n, successes: events }))).toEqual(shares);
    report.arms.forEach(({ probabilityBest }, i) =>
      expect(probabilityBest).toBeCloseTo(best.value[i] as number, 9),
    );
    expect(report.comparisons[0]?.chanceToWin).toBeCloseTo(1 - pair.value.chanceToWin, 9);
    expect(report.comparisons[0]?.expectedLoss.treatment).toBeCloseTo(pair.value.lossOfControl, 9);
    expect(report.arms[1]?.upper).toBeCloseTo(pair.value.treatment.upper, 12);

    const counts = await get<BayesianReport>('bayesian?metric=list-adds&priorA=2&priorB=4');
    const events = (arm: string) => ({
      events: clean(arm).reduce((sum, one) => sum + sumOf(one, 'list_add', false), 0),
      exposure: clean(arm).length,
    });
    const rates = compareRates({ shape: 2, rate: 4 }, events('control'), events('c'), 0.05);
    if (!rates.ok) throw new Error(rates.reason);
    expect(counts.model).toBe('gamma-poisson');
    expect(counts.comparisons[1]?.chanceToWin).toBeCloseTo(rates.value.chanceToWin, 9);
    expect(counts.arms[2]?.lower).toBeCloseTo(rates.value.treatment.lower, 12);
    expect(await get('bayesian')).toMatchObject({ model: null, reason: 'not_exact', arms: [] });
    expect((await api.request('GET', '/v1/experiments/x/report/bayesian?priorA=-1')).status).toBe(400);
  });
});
