import { beforeAll, describe, expect, it } from '@jest/globals';
import type { ReportBody, ReportResult } from '#metrics';
import {
  createWorld,
  millisecondsPerDay,
  readyExperiments,
  readyPolicies,
  simulate,
  truthOf,
  type ClientEvent,
  type TruthFile,
} from '#simulation';
import { InProcessProduct } from './in-process-product.js';
import { UnitMetrics } from './unit-metrics.js';

const days = 28;
const start = Date.UTC(2026, 2, 2);
const world = createWorld('truth-found', { members: 5000, titles: 40 });

/** All ready experiments together on one population, with real assignment, policies, learning and reports. */
describe('the report on the simulated world', () => {
  const reports = new Map<string, ReportBody>();
  /** Of the bandit arm's looks in the last week: title to image to count. */
  const lastWeek = new Map<string, number>();
  let looks = 0;
  let truth: TruthFile;

  beforeAll(async () => {
    truth = truthOf(world);
    const experiments = readyExperiments.map((ready) => ready.experiment);
    const product = new InProcessProduct(world, experiments, readyPolicies, 'truth-found');
    const metrics = readyExperiments.map((ready) => ({ ready, counted: new UnitMetrics(ready) }));
    const bandit = new Set<string>();
    const to = start + days * millisecondsPerDay;
    const look = (event: ClientEvent): void => {
      if (
        event.kind !== 'exposure' ||
        !bandit.has(event.decisionId ?? '') ||
        Date.parse(event.at) < to - 7 * millisecondsPerDay
      )
        return;
      looks++;
      lastWeek.set(event.actionId ?? '', (lastWeek.get(event.actionId ?? '') ?? 0) + 1);
    };
    await simulate(world, {
      from: start,
      to,
      seed: 'truth-found',
      serve: (request, at) => {
        const answer = product.serve(request, at);
        for (const { counted } of metrics) counted.served(answer);
        for (const one of answer)
          if (one.experiment === 'artwork-bandit' && one.arm === 'bandit') bandit.add(one.decisionId);
        return answer;
      },
      emit: (event) => {
        product.take(event);
        look(event);
        const at = Date.parse(event.at);
        for (const { counted } of metrics) counted.take(event, at);
      },
      onHour: (at) => {
        // Compiling a snapshot costs more than a quiet hour teaches.
        if (at % (6 * 3_600_000) === 0) product.learn(at);
      },
    });
    for (const { ready, counted } of metrics) reports.set(ready.experiment.key, counted.report(to, start));
  }, 120_000);

  it('comes to a verdict that the truth file calls right, for each of them', () => {
    const verdicts = truth.experiments.map(({ experiment, verdicts: right }) => {
      const verdict = reports.get(experiment)?.verdict;
      return { experiment, right: right.some((kind) => kind === verdict?.kind), sentence: verdict?.sentence };
    });
    expect(verdicts.filter(({ right }) => !right)).toEqual([]);
  });

  it('names the true winner, and none where there is none', () => {
    for (const { experiment, winner } of truth.experiments) {
      const verdict = reports.get(experiment)?.verdict;
      expect([experiment, verdict?.kind === 'ship' ? verdict.arm : null]).toEqual([experiment, winner]);
    }
  });

  it('passes or fails the sample-ratio check as it must', () => {
    for (const { experiment, sampleRatio } of truth.experiments) {
      const check = reports.get(experiment)?.health.find(({ key }) => key === 'sample-ratio');
      expect([experiment, check?.status === 'fail' ? 'fail' : 'pass']).toEqual([experiment, sampleRatio]);
    }
  });

  it('has every true effect within its interval, and intervals without 0 where the truth file says so', () => {
    let compared = 0;
    for (const { experiment, effects } of truth.experiments) {
      for (const {
        metric,
        arm,
        lift: [lower, upper],
        conclusive,
      } of effects) {
        const found = reports
          .get(experiment)
          ?.results.find((one: ReportResult) => one.metric === metric && one.arm === arm);
        const interval = found?.effect.relative.interval;
        if (!interval || interval.lower === null || interval.upper === null) continue;
        compared++;
        const where = `${experiment} ${arm} ${metric}`;
        expect([where, interval.lower <= upper && interval.upper >= lower]).toEqual([where, true]);
        if (conclusive) expect([where, interval.lower > 0]).toEqual([where, true]);
      }
    }
    expect(compared).toBeGreaterThanOrEqual(8);
  });

  it('sees the bandit converge: most looks of its last week show the best image of the title', () => {
    const best = new Set(Object.values(truth.artwork.best));
    const right = [...lastWeek].reduce((sum, [image, count]) => sum + (best.has(image) ? count : 0), 0);
    expect(looks).toBeGreaterThan(1000);
    // A uniform choice would give a quarter.
    expect(right / looks).toBeGreaterThan(0.5);
  });
});
