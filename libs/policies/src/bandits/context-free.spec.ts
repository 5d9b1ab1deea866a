import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import type { RewardedDecision } from '../contract.js';
import { probabilityNextBeta } from '../sampling/beta-best.js';
import { drawBeta, drawGamma } from '../sampling/beta.js';
import { probabilityBestGamma } from '../sampling/gamma-best.js';
import { probabilityBestStudent } from '../sampling/student-best.js';
import { drawStudent } from '../suites/minutes.js';
import { actionsOf, requestOf } from '../testing/worlds.js';
import { bestArm } from './best-arm.js';
import { examinedRows } from './cascade-state.js';
import { cascadeThompson } from './cascade-thompson.js';
import { changeDetectingThompson } from './change-detecting-thompson.js';
import { noCells, observe } from './change-detector.js';
import { learnExamination } from './examination.js';
import { plannedShares } from './index-play.js';
import { bernoulliKl, klUcbIndex } from './indices.js';
import { slidingThompson } from './sliding-thompson.js';

const DAY = 86_400_000;
const shares = (draws: number, arms: number, pick: () => number): number[] => {
  const counts = new Array<number>(arms).fill(0);
  for (let n = 0; n < draws; n++) {
    const arm = pick();
    counts[arm] = (counts[arm] as number) + 1 / draws;
  }
  return counts;
};
const largest = (values: readonly number[]): number => values.indexOf(Math.max(...values));
const row = (id: string, reward: number, more: Partial<RewardedDecision> = {}): RewardedDecision => ({
  ...requestOf([]),
  decisionId: 'd',
  action: { id, features: {} },
  position: 0,
  propensity: 0.5,
  reward,
  ...more,
});

describe('exact probabilities to be best', () => {
  it('of Gamma variables: a closed form and draws', () => {
    // Two exponentials with rates 1 and 3: P(first larger) = 3/4.
    const two = probabilityBestGamma(Float64Array.of(1, 1), Float64Array.of(1, 3));
    expect(two[0]).toBeCloseTo(0.75, 9);
    const [shape, rate] = [
      [2, 5, 0.3],
      [1, 3, 0.2],
    ];
    const exact = probabilityBestGamma(Float64Array.from(shape), Float64Array.from(rate));
    const rng = createRng('gamma');
    const seen = shares(20_000, 3, () =>
      largest(shape.map((a, i) => drawGamma(a, rng) / (rate[i] as number))),
    );
    seen.forEach((share, i) => expect(Math.abs(share - (exact[i] as number))).toBeLessThan(0.016));
  });

  it('of Student variables: closed forms, heavy tails and draws', () => {
    // Two Cauchys, 0 and 1 apart, scale 1 each: the difference is Cauchy of scale 2.
    const cauchy = probabilityBestStudent(
      Float64Array.of(1, 0),
      Float64Array.of(1, 1),
      Float64Array.of(1, 1),
    );
    expect(cauchy[0]).toBeCloseTo(0.5 + Math.atan(0.5) / Math.PI, 9);
    const far = probabilityBestStudent(
      Float64Array.of(3, 0),
      Float64Array.of(1e-3, 1),
      Float64Array.of(1e6, 2),
    );
    // P(t_2 > 3) = (1 - 3 / sqrt(11)) / 2.
    expect(far[1]).toBeCloseTo(0.5 * (1 - 3 / Math.sqrt(11)), 6);
    const [m, s, v] = [
      [0, 1, 0.5],
      [1, 0.5, 3],
      [3, 20, 2],
    ];
    const exact = probabilityBestStudent(Float64Array.from(m), Float64Array.from(s), Float64Array.from(v));
    const rng = createRng('student');
    const seen = shares(20_000, 3, () =>
      largest(m.map((x, i) => drawStudent(x, s[i] as number, v[i] as number, rng))),
    );
    seen.forEach((share, i) => expect(Math.abs(share - (exact[i] as number))).toBeLessThan(0.016));
  });

  it('of the next place of a ranking by one draw', () => {
    const [a, b] = [
      [2, 4, 3, 1],
      [5, 6, 4, 3],
    ];
    const exact = probabilityNextBeta(Float64Array.from(a), Float64Array.from(b), Uint8Array.of(0, 1, 0, 1));
    const rng = createRng('ranking');
    const next: number[] = [0, 0, 0, 0];
    let kept = 0;
    for (let n = 0; n < 60_000; n++) {
      const order = a
        .map((alpha, i) => [drawBeta(alpha, b[i] as number, rng), i] as const)
        .sort(([x], [y]) => y - x)
        .map(([, i]) => i);
      if (!order.slice(0, 2).includes(1) || !order.slice(0, 2).includes(3)) continue;
      kept++;
      next[order[2] as number] = (next[order[2] as number] as number) + 1;
    }
    expect(kept).toBeGreaterThan(4000);
    expect([exact[1], exact[3]]).toEqual([0, 0]);
    for (const i of [0, 2])
      expect(Math.abs((next[i] as number) / kept - (exact[i] as number))).toBeLessThan(0.035);
  });
});

describe('index policies', () => {
  it.each([
    [0.1, 50, 5],
    [0.5, 3, 9],
    [0.999, 20, 4],
    [0.01, 1e6, 12],
    [0.3, 0.001, 5],
    [0, 10, 3],
  ])('KL-UCB solves n kl(m, q) = ln t at m = %d, n = %d', (mean, n, logTime) => {
    const q = klUcbIndex(mean, n, logTime);
    expect(q).toBeGreaterThanOrEqual(mean);
    expect(q).toBeLessThanOrEqual(1);
    if (q < 1) expect(n * bernoulliKl(mean, q)).toBeCloseTo(logTime, 5);
    expect(klUcbIndex(mean, n, logTime, 0.9999)).toBeCloseTo(q, 8);
  });

  it('share a batch between close actions instead of putting it on one', () => {
    const evidence = { weight: Float64Array.of(100, 100, 100), sum: Float64Array.of(12, 11, 2) };
    const index = (mean: number, n: number, logTime: number) => klUcbIndex(mean, n, logTime);
    expect([...plannedShares(evidence, 1, index)]).toEqual([1, 0, 0]);
    const [first, second, third] = plannedShares(evidence, 1000, index) as unknown as [
      number,
      number,
      number,
    ];
    expect(first).toBeGreaterThan(second);
    expect(second).toBeGreaterThan(0.2);
    expect(third).toBeLessThan(second);
    expect(first + second + third).toBeCloseTo(1, 12);
  });
});

describe('best arm', () => {
  it('declares a winner when the likelihood ratio says so, and not before', () => {
    const early = bestArm({ weight: Float64Array.of(50, 50), sum: Float64Array.of(30, 25) }, 0.05);
    expect(early).toMatchObject({ winner: null, leader: 0, runnerUp: 1 });
    // 50 (kl(.6,.55) + kl(.5,.55)) by hand.
    expect(early.statistic).toBeCloseTo(50 * (bernoulliKl(0.6, 0.55) + bernoulliKl(0.5, 0.55)), 10);
    expect(early.threshold).toBeCloseTo(Math.log((1 + Math.log(100)) / 0.05), 12);
    const late = bestArm({ weight: Float64Array.of(500, 500), sum: Float64Array.of(300, 200) }, 0.05);
    expect(late.winner).toBe(0);
    expect(bestArm({ weight: new Float64Array(2), sum: new Float64Array(2) }, 0.05).winner).toBeNull();
  });
});

describe('change', () => {
  it('is found soon after it happens and rarely where there is none', () => {
    let alarms = 0;
    const delays: number[] = [];
    for (let run = 0; run < 30; run++) {
      const rng = createRng(`change ${run}`);
      let cells = noCells;
      for (let n = 0; n < 2500; n++) {
        const seen = observe(cells, rng.uniform() < (n < 2000 ? 0.1 : 0.3) ? 1 : 0, 0.001);
        cells = seen.cells;
        if (seen.change === null) continue;
        if (n < 2000) alarms++;
        else {
          delays.push(n - 2000);
          expect(seen.change.after).toBeGreaterThan(seen.change.before);
          break;
        }
      }
    }
    expect(alarms).toBeLessThanOrEqual(1);
    expect(delays.length).toBe(30);
    expect(delays.reduce((sum, one) => sum + one, 0) / 30).toBeLessThan(200);
  });

  it('stands in the snapshot with its rates, action and time', () => {
    const params = changeDetectingThompson.params.parse({});
    const batch = Array.from({ length: 600 }, (_, n) =>
      row('poster', n < 300 ? 0 : 1, { at: n, decisionId: `${n}` }),
    );
    const { changes } = changeDetectingThompson.update(
      changeDetectingThompson.initialState(params),
      batch,
      params,
    );
    expect(changes[0]).toMatchObject({ actionId: 'poster', subject: null, before: 0 });
    expect(changes[0]?.at).toBeGreaterThanOrEqual(300);
    expect(changes[0]?.at).toBeLessThan(330);
  });

  it('leaves a window in wall-clock time', () => {
    const params = slidingThompson.params.parse({ windowDays: 7 });
    const day = (n: number, id: string, reward: number): RewardedDecision =>
      row(id, reward, { at: n * DAY, decisionId: `${id} ${n}` });
    const bestAfter = (days: number): number => {
      const batch = [...Array.from({ length: 20 }, () => day(100, 'a', 1)), day(100 + days, 'b', 0)];
      const compiled = slidingThompson.compile(
        slidingThompson.update(slidingThompson.initialState(params), batch, params),
        params,
      );
      if (compiled.decides !== 'action') throw new Error('a Chooser is expected');
      return compiled.scores?.(requestOf([{ id: 'a', features: {} }]))[0] as number;
    };
    expect(bestAfter(6)).toBeCloseTo(21 / 22, 12);
    expect(bestAfter(8)).toBe(0.5);
  });
});

describe('slates', () => {
  it('learns down to the first click, also where a batch ends in the middle of a slate', () => {
    const slate = [0, 1, 0, 1].map((reward, position) =>
      row(`a${position}`, reward, { position, decisionId: 'x' }),
    );
    expect(examinedRows(null, slate).map(({ position }) => position)).toEqual([0, 1]);
    const params = cascadeThompson.params.parse({});
    const initial = cascadeThompson.initialState(params);
    const whole = cascadeThompson.update(initial, slate, params);
    for (const cut of [1, 2, 3]) {
      const halves = cascadeThompson.update(
        cascadeThompson.decode(
          cascadeThompson.encode(cascadeThompson.update(initial, slate.slice(0, cut), params)),
        ),
        slate.slice(cut),
        params,
      );
      expect(halves).toEqual(whole);
    }
    expect([...whole.counts.tallies.keys()]).toEqual(['a0', 'a1']);
  });

  it('learns how often places are looked at', () => {
    const truth = [1, 0.6, 0.3];
    const rng = createRng('examination');
    const table = actionsOf(8).flatMap(({ id }, i) =>
      truth.map((e, position) => {
        const weight = 3000;
        let sum = 0;
        for (let n = 0; n < weight; n++) if (rng.uniform() < e * (0.05 + 0.05 * i)) sum++;
        return { key: id, position, weight, sum };
      }),
    );
    learnExamination(table).forEach((e, k) => expect(Math.abs(e - (truth[k] as number))).toBeLessThan(0.03));
  });
});
