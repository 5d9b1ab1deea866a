import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase } from '../../test/postgres.js';
import type { TestDatabase } from '../../test/postgres.js';
import { ReportStore } from './report-store.js';

describe('moments as they stood on earlier days', () => {
  let db: TestDatabase;
  let store: ReportStore;
  beforeAll(async () => {
    db = await createTestDatabase();
    store = new ReportStore(db.database);
    await db.database.query(
      `insert into moments_daily (experiment, metric, arm, day, n, mean, comoment, non_zero)
       select 'x', m.metric, a.arm, d.day::date, d.n, '{1,1,0}', '{0,0,0,0,0,0}', d.n
         from (values ('play-rate'), ('completion')) m (metric), (values ('control'), ('b')) a (arm),
              (values ('2026-05-01', 10), ('2026-05-04', 40)) d (day, n)`,
    );
  });
  afterAll(() => db.drop());

  const unitsOn = async (day: string): Promise<number[]> =>
    (await store.cellsOn('x', day)).map(({ moments }) => moments.n);

  it('gives the last known ones on a day on which nothing was rolled up', async () => {
    expect(await unitsOn('2026-04-30')).toEqual([]);
    expect(await unitsOn('2026-05-01')).toEqual([10, 10, 10, 10]);
    expect(await unitsOn('2026-05-03')).toEqual([10, 10, 10, 10]);
    expect(await unitsOn('2026-05-09')).toEqual([40, 40, 40, 40]);
  });

  it('gives one metric by day, oldest first', async () => {
    const rows = await store.daily('x', 'play-rate');
    expect(rows.map(({ day, arm, moments }) => [day, arm, moments.n])).toEqual([
      ['2026-05-01', 'b', 10],
      ['2026-05-01', 'control', 10],
      ['2026-05-04', 'b', 40],
      ['2026-05-04', 'control', 40],
    ]);
  });
});
