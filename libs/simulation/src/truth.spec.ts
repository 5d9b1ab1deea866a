import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createOracle,
  createWorld,
  crashing,
  expectedLift,
  millisecondsPerDay,
  readyExperiments,
  simulate,
  truthOf,
  type ClientEvent,
  type ServedTreatment,
  type SimulationSummary,
  type TruthFile,
} from './index.js';
import { liftOf, Measure, type Lift } from './testing/measure.js';

const world = createWorld('truth', { members: 3500, titles: 40 });
const start = Date.UTC(2026, 2, 2);

/** Looks at titles within rows, and clicks on them. */
class RowLooks {
  private readonly decisions = new Map<string, { readonly segment: string; readonly shown: boolean }>();
  readonly counts = new Map<string, { looks: number; clicks: number }>();

  served(decisionId: string, segment: string, action: string | null): void {
    this.decisions.set(decisionId, { segment, shown: action !== null });
  }

  take({ decisionId, kind, name }: ClientEvent): void {
    const decision = this.decisions.get(decisionId ?? '');
    if (!decision) return;
    const key = `${decision.segment} ${decision.shown ? 'shown' : 'without'}`;
    const count = this.counts.get(key) ?? { looks: 0, clicks: 0 };
    if (kind === 'exposure') count.looks++;
    if (name === 'click') count.clicks++;
    this.counts.set(key, count);
  }
}

/** The oracle splits by weight and knows the truth; what it measures must agree with the truth file within error. */
describe('truth measured with the oracle', () => {
  const measure = new Measure();
  let summary: SimulationSummary;
  let truth: TruthFile;

  const looks = new RowLooks();
  const rowImage = (unitId: string, one: ServedTreatment): ServedTreatment => {
    const shown = unitId.charCodeAt(unitId.length - 1) % 2 === 0;
    const title = world.titles.find(({ id }) => id === one.subject);
    const action = shown ? (title?.artwork[0]?.id ?? null) : null;
    looks.served(one.decisionId, world.members.find(({ id }) => id === unitId)?.segment ?? '', action);
    return { ...one, action };
  };

  beforeAll(async () => {
    truth = truthOf(world);
    const oracle = createOracle(world, { seed: 'oracle' });
    summary = await simulate(world, {
      from: start,
      to: start + 28 * millisecondsPerDay,
      seed: 'truth',
      serve: (request) => {
        const answer = oracle.serve(request);
        // Half of the members see the studio's image within rows, the others none.
        return measure.served(
          request,
          answer.map((one) => (one.surface === 'row.artwork' ? rowImage(request.unitId, one) : one)),
        );
      },
      emit: (event) => {
        looks.take(event);
        measure.take(event);
      },
    });
  }, 60_000);

  const control = (experiment: string): string =>
    readyExperiments
      .find((ready) => ready.experiment.key === experiment)
      ?.experiment.arms.find((arm) => arm.isControl)?.key ?? '';
  const clicks = (experiment: string, arm: string): Lift =>
    liftOf(
      measure.arm(experiment, control(experiment)),
      measure.arm(experiment, arm),
      (r) => r.clicks,
      (r) => r.exposures,
    );
  const minutes = (experiment: string, arm: string): Lift =>
    liftOf(measure.arm(experiment, control(experiment)), measure.arm(experiment, arm), (r) => r.minutes);
  const sessions = (experiment: string, arm: string): Lift =>
    liftOf(
      measure.arm(experiment, control(experiment)),
      measure.arm(experiment, arm),
      (r) => r.sessionsInWeek,
    );

  const measured: Readonly<Record<string, (experiment: string, arm: string) => Lift>> = {
    'click-through': clicks,
    'watch-minutes': minutes,
    'sessions-per-week': sessions,
  };

  it('stays within half a million events for 5,000 members and 28 days', () => {
    expect((summary.events / 3500) * 5000).toBeLessThan(500_000);
    expect((summary.events / 3500) * 5000).toBeGreaterThan(250_000);
  });

  it('finds every stated effect within four standard errors of its range', () => {
    let compared = 0;
    for (const { experiment, effects } of truth.experiments) {
      for (const {
        metric,
        arm,
        lift: [lower, upper],
      } of effects) {
        const found = measured[metric]?.(experiment, arm);
        if (!found) continue;
        compared++;
        const where = `${experiment} ${arm} ${metric}`;
        expect([where, found.lift > lower - 4 * found.standardError]).toEqual([where, true]);
        expect([where, found.lift < upper + 4 * found.standardError]).toEqual([where, true]);
      }
    }
    expect(compared).toBeGreaterThanOrEqual(7);
  });

  it('shows conclusive effects more than four and a half standard errors from zero', () => {
    for (const { experiment, effects } of truth.experiments) {
      for (const { metric, arm } of effects.filter((effect) => effect.conclusive)) {
        const found = measured[metric]?.(experiment, arm) as Lift;
        expect(found.lift / found.standardError).toBeGreaterThan(4.5);
      }
    }
  });

  it('agrees with the lifts computed from the laws of behaviour', () => {
    const bandit = clicks('artwork-bandit', 'bandit');
    const contextual = clicks('artwork-by-taste', 'contextual');
    // Second looks are rarer after better images, so the measured ratio may differ a little from the law's.
    expect(Math.abs(bandit.lift - expectedLift(world, 'landscape', 'best'))).toBeLessThan(
      4 * bandit.standardError + 0.03,
    );
    expect(Math.abs(contextual.lift - expectedLift(world, 'best', 'best-of-segment'))).toBeLessThan(
      4 * contextual.standardError + 0.03,
    );
  });

  it('finds the lift of an image within a row, for every taste', () => {
    const { clickRates, clickRateWithout, lifts } = truth.rowImages;
    const rate = (key: string): { mean: number; variance: number } => {
      const { looks: n, clicks: k } = looks.counts.get(key) as { looks: number; clicks: number };
      return { mean: k / n, variance: (k / n) * (1 - k / n) * (1 / n) };
    };
    for (const segment of ['heart', 'thrill', 'curious'] as const) {
      const [shown, without] = [rate(`${segment} shown`), rate(`${segment} without`)];
      const error = Math.sqrt(shown.variance + without.variance);
      expect(clickRates[segment].landscape - clickRateWithout).toBeCloseTo(lifts[segment].landscape, 12);
      expect(Math.abs(shown.mean - without.mean - lifts[segment].landscape)).toBeLessThan(4 * error + 0.01);
      expect(error).toBeLessThan(0.03);
    }
    expect(lifts.everybody.face).toBeGreaterThan(0.05);
  });

  it('loses the exposures of the crashing device in one arm only, and elsewhere none', () => {
    const rows = (arm: string): number => measure.arm('semantic-search', arm).length;
    const assigned = [...(measure.assigned.get('semantic-search') ?? [])];
    const devices = new Map(world.members.map((member) => [member.id, member.device]));
    const lost = assigned.filter(
      ([unit, arm]) => arm === 'semantic' && devices.get(unit) === crashing.device,
    ).length;
    const treated = assigned.filter(([, arm]) => arm === 'semantic').length;
    expect(lost).toBeGreaterThan(200);
    expect(treated - rows('semantic')).toBeGreaterThanOrEqual(lost);
    expect(treated - rows('semantic')).toBeLessThan(lost + 15);
    const total = rows('control') + rows('semantic');
    expect((rows('control') - total / 2) ** 2 / (total / 4)).toBeGreaterThan(15);
    for (const { experiment, sampleRatio } of truth.experiments) {
      if (sampleRatio !== 'pass') continue;
      const { arms } = readyExperiments.find((ready) => ready.experiment.key === experiment)?.experiment ?? {
        arms: [],
      };
      const weight = arms.reduce((sum, arm) => sum + arm.weight, 0);
      const n = arms.map((arm) => measure.arm(experiment, arm.key).length);
      const all = n.reduce((sum, count) => sum + count, 0);
      const chiSquare = arms.reduce(
        (sum, arm, i) =>
          sum + ((n[i] ?? 0) - (all * arm.weight) / weight) ** 2 / ((all * arm.weight) / weight),
        0,
      );
      expect([experiment, chiSquare < 15]).toEqual([experiment, true]);
    }
  });

  it('gives opposite winners by taste', () => {
    const segments = new Map(world.members.map((member) => [member.id, member.segment]));
    const of = (arm: string, segment: string) =>
      measure.arm('artwork-by-taste', arm).filter((row) => segments.get(row.unitId) === segment);
    const lift = (segment: string): Lift =>
      liftOf(
        of('control', segment),
        of('contextual', segment),
        (r) => r.clicks,
        (r) => r.exposures,
      );
    expect(lift('thrill').lift).toBeGreaterThan(1);
    expect(Math.abs(lift('heart').lift)).toBeLessThan(4 * lift('heart').standardError + 0.05);
  });
});

describe('a world where everybody is in one arm', () => {
  it('keeps more members when more of them find what they want', async () => {
    const many = createWorld('shipped', { members: 2000, titles: 40 });
    const after = async (arm: string): Promise<number> => {
      const oracle = createOracle(many, { seed: 'o', everybodyIn: { 'continue-watching-first': arm } });
      const { states } = await simulate(many, {
        from: start,
        to: start + 14 * millisecondsPerDay,
        seed: 's',
        serve: (request) => oracle.serve(request),
        emit: () => undefined,
      });
      return states.reduce((sum, state) => sum + state.satisfaction, 0) / states.length;
    };
    expect(await after('continue-first')).toBeGreaterThan((await after('control')) + 0.005);
  });
});
