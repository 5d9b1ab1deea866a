import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { policyRegistry } from '#policies';
import type { RecommenderPolicy, TrainingSet } from '#policies';
import { tastes } from '../../test/learning.js';
import { judge, pairedDifference, popularityScorer, splitByTime, unitsToJudge } from './fit-evaluation.js';
import { decodeCheckpoint } from './fit-checkpoint.js';
import { FitInterrupted, ProcessFitRunner } from './fit-runner.js';
import { isClearlyWorse, runFit } from './fit.js';
import type { FitTask } from './fit.js';

const HOUR = 3_600_000;

const task = (data: TrainingSet): FitTask => ({
  key: 'implicit-als',
  params: { dimension: 8, iterations: 6 },
  seed: 's',
  data,
  serving: null,
});

/** Five rows by hand: two units, three items; the last row is held out. */
const tiny: TrainingSet = {
  units: ['u', 'v'],
  items: ['a', 'b', 'c'],
  unit: Uint32Array.of(0, 0, 1, 1, 0),
  item: Uint32Array.of(0, 1, 1, 2, 2),
  value: new Float64Array(5).fill(1),
  at: Float64Array.of(1, 2, 3, 4, 5),
  itemFeatures: [{}, {}, {}],
};

describe('the judgement of a fit', () => {
  it('holds out the last tenth by time and what units had not used before', () => {
    const split = splitByTime(tiny);
    expect(split.from).toBe(5);
    expect([...split.past.at]).toEqual([1, 2, 3, 4]);
    expect(split.later).toEqual(new Map([[0, new Set([2])]]));
    expect(split.earlier.get(0)).toEqual(new Set([0, 1]));
  });

  it('does not judge rows that a model has seen, nor items that nobody used before', () => {
    expect(splitByTime(tiny, 0.1, 5).later.size).toBe(0);
    expect(splitByTime({ ...tiny, item: Uint32Array.of(0, 1, 1, 0, 2) }).later.size).toBe(0);
  });

  it('computes recall and NDCG as by hand', () => {
    const split = splitByTime({ ...tiny, at: Float64Array.of(1, 5, 3, 4, 5) }, 0.4);
    // Unit 0 knows a; b and c come later. Popular: b 1, c 1, a 1 of the past rows (a, b, c): ties in item order.
    expect(split.later).toEqual(new Map([[0, new Set([1, 2])]]));
    const both = judge(split, [0], () => Float64Array.of(9, 1, 2));
    expect([both.recall, both.ndcg]).toEqual([1, 1]);
    const wide = { ...split, later: new Map([[0, new Set([2])]]) };
    expect(judge(wide, [0], () => Float64Array.of(9, 3, 2)).ndcg).toBeCloseTo(1 / Math.log2(3), 12);
    expect(popularityScorer(split.past)(0)).toEqual(Float64Array.of(1, 1, 1));
  });

  it('gives the paired difference with its interval', () => {
    const quality = (...values: number[]) => ({ recall: 0, ndcg: 0, perUnit: Float64Array.from(values) });
    const { estimate, lower, upper } = pairedDifference(quality(1, 0, 1), quality(0, 0, 1));
    expect(estimate).toBeCloseTo(1 / 3, 12);
    expect(upper - estimate).toBeCloseTo((1.959963984540054 * Math.sqrt(1 / 3)) / Math.sqrt(3), 12);
    expect(lower).toBeLessThan(0);
  });
});

describe('a fit', () => {
  const data = tastes(120, 40, 12, 'world');

  it('learns tastes that popularity does not know, and says so', () => {
    const { evaluation } = runFit(task(data), () => undefined, Date.now);
    expect(evaluation.judgedUnits).toBeGreaterThan(50);
    expect(evaluation['ndcg@10']).toBeGreaterThan(1.3 * evaluation.popularity['ndcg@10']);
    expect(evaluation).toMatchObject({ data: { rows: 1440, units: 120, items: 40 }, serving: null });
  });

  it('gives the same bytes for the same task, and others for another seed', () => {
    const once = runFit(task(data), () => undefined, Date.now).state.sha256;
    expect(runFit(task(data), () => undefined, Date.now).state.sha256).toBe(once);
    expect(runFit({ ...task(data), seed: 't' }, () => undefined, Date.now).state.sha256).not.toBe(once);
  });

  it('tells its progress from 0 to 1 without going back', () => {
    const told: number[] = [];
    runFit(task(data), (share) => told.push(share), Date.now);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBeCloseTo(1, 6);
  });

  it('is clearly worse than a serving version that is better on later data, and not than its like', () => {
    const als = policyRegistry.get('implicit-als') as RecommenderPolicy;
    const fitted = als.fit(
      splitByTime(data).past,
      als.params.parse(task(data).params),
      createRng('s'),
      () => undefined,
    );
    const serving = {
      version: 1,
      params: task(data).params,
      state: als.encode(fitted),
      learnedThrough: -Infinity,
    };
    const alike = runFit({ ...task(data), serving }, () => undefined, Date.now).evaluation;
    expect(alike.serving?.judgedUnits).toBeGreaterThan(20);
    expect(alike.serving?.['ndcg@10Difference']).toEqual({ estimate: 0, lower: 0, upper: 0 });
    expect(isClearlyWorse(alike)).toBe(false);
    const poor = { ...task(data), params: { dimension: 1, iterations: 1, regularisation: 1000 }, serving };
    const { evaluation } = runFit(poor, () => undefined, Date.now);
    expect(evaluation.serving?.['ndcg@10Difference'].upper).toBeLessThan(0);
    expect(isClearlyWorse(evaluation)).toBe(true);
  });

  it('begins with the serving weights where that is asked for and their shapes fit, and says so', () => {
    const first = runFit(task(splitByTime(data).past), () => undefined, Date.now);
    const learnedThrough = splitByTime(data).from - 1;
    const serving = { version: 3, params: task(data).params, state: first.state.json, learnedThrough };
    const warm = (params: FitTask['params']) =>
      runFit({ ...task(data), params, serving, begin: 'serving' }, () => undefined, Date.now).evaluation;
    expect(warm(task(data).params)).toMatchObject({ began: { with: 'version', version: 3, newItems: 0 } });
    expect(warm(task(data).params).judgedUnits).toBeGreaterThan(20);
    expect(warm({ dimension: 4, iterations: 2 })).toMatchObject({ began: { with: 'scratch' } });
    expect(runFit({ ...task(data), serving }, () => undefined, Date.now).evaluation.began).toEqual({
      with: 'scratch',
    });
  });

  it('compares only on data that the serving version has not learned from', () => {
    const { state } = runFit(task(data), () => undefined, Date.now);
    const serving = { version: 1, params: task(data).params, state: state.json, learnedThrough: 2000 * HOUR };
    expect(runFit({ ...task(data), serving }, () => undefined, Date.now).evaluation.serving).toBeNull();
  });

  it('judges nothing where nothing came later', () => {
    const one = {
      ...tiny,
      unit: Uint32Array.of(0),
      item: Uint32Array.of(0),
      value: Float64Array.of(1),
      at: Float64Array.of(1),
    };
    const { evaluation } = runFit(task(one), () => undefined, Date.now);
    expect(evaluation).toMatchObject({ judgedUnits: 0, data: { heldOutFrom: null, rows: 1 } });
  });

  it('draws the judged units by seed', () => {
    const split = splitByTime(data);
    expect(unitsToJudge(split, createRng('a'))).toEqual(unitsToJudge(split, createRng('a')));
  });
});

const entry = path.resolve('dist/apps/api/src/policies/fit-process.js');
const built = existsSync(entry) ? describe : describe.skip;
built('a fit in a process (needs the built program; else skipped)', () => {
  const runner = new ProcessFitRunner(pathToFileURL(entry));

  it('goes on from its last checkpoint when it is killed, to the same bytes as one that was not', async () => {
    const data = tastes(120, 40, 12, 'world');
    const params = { dimension: 8, length: 8, blocks: 1, batch: 16, epochs: 12, patience: 3 };
    const long: FitTask = { ...task(data), key: 'sequence', params, keepEveryMs: 0 };
    let pid = 0;
    const mortal = new ProcessFitRunner(pathToFileURL(entry), (number) => (pid = number));
    const kept: Uint8Array[] = [];
    const run = mortal.run(
      long,
      () => undefined,
      (bytes) => {
        if (kept.push(bytes) === 5) process.kill(pid, 'SIGKILL');
      },
    );
    await expect(run).rejects.toThrow(FitInterrupted);
    const resume = decodeCheckpoint(kept.at(-1) as Uint8Array);
    const { state, evaluation } = await runner.run({ ...long, resume }, () => undefined);
    const whole = runFit(long, () => undefined, Date.now);
    expect(state.sha256).toBe(whole.state.sha256);
    expect(evaluation).toMatchObject({ resumed: true, 'ndcg@10': whole.evaluation['ndcg@10'] });
    // A row more makes it another fit: it begins again.
    const more = { ...long, data: tastes(121, 40, 12, 'world'), resume };
    expect(runFit(more, () => undefined, Date.now).evaluation.resumed).toBe(false);
  });

  it('gives the same bytes as one in place, while this thread goes on', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const told: number[] = [];
    const { state, evaluation } = await runner.run(task(tastes(120, 40, 12, 'world')), (share) =>
      told.push(share),
    );
    clearInterval(timer);
    expect(state.sha256).toBe(
      runFit(task(tastes(120, 40, 12, 'world')), () => undefined, Date.now).state.sha256,
    );
    expect(told.length).toBeGreaterThan(0);
    expect(turns).toBeGreaterThan(5);
    expect(evaluation.peakMemoryMb).toBeGreaterThan(20);
  });

  it('ends alone when it takes more memory than it may, and says so', async () => {
    const small = { ...task(tastes(120, 40, 12, 'world')), memoryMb: 24 };
    // A short fit is found out at its end, a long one is not waited for.
    const long = {
      ...small,
      params: { dimension: 64, iterations: 200 },
      data: tastes(400, 200, 60, 'world'),
    };
    for (const run of [small, long])
      await expect(runner.run(run, () => undefined)).rejects.toThrow('more than the 24 MB of memory');
  });

  it('fails with what went wrong', async () => {
    await expect(runner.run({ ...task(tiny), key: 'oracle' }, () => undefined)).rejects.toThrow(
      'policy "oracle" is not known',
    );
  });
});
