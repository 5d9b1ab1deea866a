import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { surrogateIndex } from '#metrics';
import { startTestApi } from '../../test/api.js';
import type { TestApi } from '../../test/api.js';
import { seedExperiment, seedOutcomes, seedUnits } from '../../test/seed-facts.js';
import type { SeededOutcome, SeededUnit } from '../../test/seed-facts.js';
import type { Forecast } from './forecasts.js';

const DAY = 86_400_000;
const TODAY = Math.floor(Date.now() / DAY) * DAY;
const ARMS = ['control', 'new'];

interface Seeded {
  readonly units: readonly SeededUnit[];
  readonly outcomes: readonly SeededOutcome[];
}

/** Units whose return on day 28 follows from how active they are early; `push` makes the new arm more active. */
function experiment(key: string, size: number, start: number, days: number, push: number): Seeded {
  const rng = createRng(key);
  const outcomes: SeededOutcome[] = [];
  const units = Array.from({ length: size }, (_, i): SeededUnit => {
    const unitId = `${key}-${i}`;
    const arm = ARMS[i % 2] as string;
    const firstAt = start + Math.floor(rng.uniform() * days * DAY);
    const liking = rng.uniform() * 0.6 + (arm === 'new' ? push : 0);
    const activeDays = Array.from({ length: 40 }, (__, day) => day).filter(() => rng.uniform() < liking);
    for (const day of activeDays.slice(0, 6)) {
      const at = firstAt + Math.floor((day + rng.uniform() - 0.2) * DAY);
      outcomes.push({ unitId, name: 'session_start', at });
      outcomes.push({ unitId, name: 'watch', at: at + 60_000, value: rng.below(5000) });
    }
    return { unitId, arm, firstAt, activeDays, crossover: i % 60 === 0 };
  });
  return { units, outcomes };
}

/** Early signals of a unit by their definition: days 0 to 7 after the day of first exposure, from it on. */
function signals({ outcomes }: Seeded, { unitId, firstAt, activeDays = [] }: SeededUnit): number[] {
  const until = (Math.floor(firstAt / DAY) + 8) * DAY;
  const own = outcomes.filter((one) => one.unitId === unitId && one.at >= firstAt && one.at < until);
  const seconds = own.filter(({ name }) => name === 'watch').reduce((sum, { value = 0 }) => sum + value, 0);
  return [
    activeDays.filter((day) => day <= 7).length,
    seconds / 60,
    own.filter(({ name }) => name === 'session_start').length,
  ];
}

describe('the forecast of long-term retention', () => {
  let api: TestApi;
  const past = [
    ['past-a', 0.15],
    ['past-b', 0],
    ['past-c', 0.25],
  ] as const;
  const old = past.map(([key, push]) => experiment(key, 900, TODAY - 80 * DAY, 30, push));
  // Half of the units entered too lately for their first week to be over.
  const running = experiment('running', 600, TODAY - 16 * DAY, 16, 0.2);

  beforeAll(async () => {
    api = await startTestApi();
    await seedExperiment(api.db, 'alone', ARMS, TODAY - 100 * DAY);
    for (const [i, [key]] of past.entries()) {
      await seedExperiment(api.db, key, ARMS, TODAY - (80 - i) * DAY);
      await seedUnits(api.db, key, old[i]?.units ?? []);
      await seedOutcomes(api.db, old[i]?.outcomes ?? []);
    }
    await seedExperiment(api.db, 'running', ARMS, TODAY - 16 * DAY);
    await seedUnits(api.db, 'running', running.units);
    await seedOutcomes(api.db, running.outcomes);
    // As autovacuum does in time; without, a forecast looks up each unit in every day.
    await api.db.database.query('analyze');
  });
  afterAll(() => api.close());

  async function forecast(path: string): Promise<Forecast> {
    const answer = await api.request('GET', `/v1/experiments/${path}`, { key: api.keys.secret });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json<Forecast>();
  }

  it('is the surrogate index of the units one by one', async () => {
    const got = await forecast('running/forecast');
    expect(got).toMatchObject({ label: 'forecast', status: 'ok', day: 28, baseline: 'control' });
    const history = old.flatMap((seeded) =>
      seeded.units
        .filter(({ crossover }) => crossover !== true)
        .map((unit) => ({
          x: signals(seeded, unit),
          y: unit.activeDays?.includes(28) === true ? 1 : 0,
        })),
    );
    const lastEntry = TODAY - 8 * DAY;
    const now = running.units
      .filter(({ crossover, firstAt }) => crossover !== true && firstAt < lastEntry + DAY)
      .map((unit) => ({ x: signals(running, unit), w: unit.arm === 'new' ? 1 : 0 }));
    const column = (rows: readonly { x: number[] }[], j: number): number[] =>
      rows.map(({ x }) => x[j] ?? NaN);
    const want = surrogateIndex(
      { surrogates: [0, 1, 2].map((j) => column(history, j)), outcome: history.map(({ y }) => y) },
      { surrogates: [0, 1, 2].map((j) => column(now, j)), treatment: now.map(({ w }) => w) },
    );
    if (!want.ok) throw new Error(want.reason);
    const [result] = got.results;
    expect(got.history).toMatchObject({ experiments: 3, units: history.length });
    expect([result?.control, result?.treatment]).toEqual(
      [0, 1].map((w) => now.filter((u) => u.w === w).length),
    );
    expect(result?.estimate).toBeCloseTo(want.value.estimate, 9);
    expect(result?.standardError).toBeCloseTo(want.value.standardError, 9);
    expect(result?.lower).toBeCloseTo(want.value.estimate - 1.959963984540054 * want.value.standardError, 9);
  });

  it('comes with its record on the past: what was covered, what was clear, what was foreseen', async () => {
    const { record, history } = await forecast('running/forecast');
    expect(record).toMatchObject({ experiments: 3, arms: 3 });
    // Two of the three raise activity by far; the third does nothing.
    expect(record?.clear).toBeGreaterThanOrEqual(1);
    expect(record?.recall).toBe((record?.foreseen ?? 0) / (record?.clear ?? 1));
    expect(record?.coverage).toBe((record?.covered ?? 0) / 3);
    expect(history.explained).toBeGreaterThan(0);
  });

  it('says plainly that the past is too short', async () => {
    const nobody = await forecast('running/forecast?day=62');
    expect(nobody).toMatchObject({ status: 'insufficient-history', results: [], record: null });
    expect(nobody.reason).toContain('nothing to learn from');
    await api.db.database.query(
      `update experiment set unit_type = 'account' where key in ('past-b', 'past-c')`,
    );
    const one = await forecast('running/forecast?day=27');
    expect(one).toMatchObject({ status: 'insufficient-history', history: { experiments: 1 } });
    expect(one.reason).toContain('at least 2 other experiments');
    expect(one.reason).toContain('only one other experiment has');
    await api.db.database.query(`update experiment set unit_type = 'member'`);
  });

  it('gives no number for an experiment without units whose first week is over', async () => {
    const { status, results } = await forecast('alone/forecast');
    expect(status).toBe('ok');
    expect(results[0]).toMatchObject({ status: 'undefined', reason: 'insufficient_units', estimate: null });
  });
});
