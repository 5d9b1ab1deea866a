import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditEvents, readEvents } from '../../../../bench/crash/audit-events.js';
import { auditRollups } from '../../../../bench/crash/audit-rollups.js';
import { crashRun } from '../../../../bench/crash/crash.js';
import type { CrashResult } from '../../../../bench/crash/crash.js';
import type { Ledger } from '../../../../bench/crash/ledger.js';
import { withClient } from '../../../../bench/stack.js';
import { createTestDatabase } from '../postgres.js';
import type { TestDatabase } from '../postgres.js';

const KILLS = 3;
const isBuilt = existsSync('dist/apps/api/src/main.js');
const maybe = isBuilt ? describe : describe.skip;

// Real processes from dist/, which `npm test` builds first. `npm run bench -- --only crash` does the same with 20 kills.
maybe(
  `${KILLS} kills of API and worker under load${isBuilt ? '' : ' (skipped: dist/ is not built, see npm run build)'}`,
  () => {
    let db: TestDatabase;
    let stateDir: string;
    let result: CrashResult;
    let ledger: Ledger;

    beforeAll(async () => {
      db = await createTestDatabase();
      stateDir = mkdtempSync(path.join(os.tmpdir(), 'marquee-crash-'));
      ({ result, ledger } = await crashRun(db.url, stateDir, KILLS, 'crash-spec'));
    }, 180_000);

    afterAll(async () => {
      await db.drop();
      rmSync(stateDir, { recursive: true, force: true });
    });

    it('puts the processes under real load', () => {
      expect(result.acknowledged).toBeGreaterThan(1000);
      expect(result.failures).toBeGreaterThan(0);
      expect(result.repeats).toBeGreaterThan(0);
      expect(result.learning.rewards).toBeGreaterThan(20);
      expect(result.rollups.units).toBeGreaterThan(20);
    });

    it('loses no decision that was answered', () => {
      expect(result.decisions).toBeGreaterThan(100);
      expect(result.decisionsLost).toBe(0);
    });

    it('loses no acknowledged event and stores none twice or altered', () => {
      expect(result.events).toMatchObject({ lost: 0, duplicates: 0, altered: 0, quarantined: 0 });
    });

    it('rolls up what a recomputation from the raw events gives', () => {
      expect(result.rollups).toMatchObject({ wrongUnits: 0, wrongMetrics: 0, wrongMoments: 0 });
    });

    it('learns every reward once: counting the raw plays, and replaying the log, give the serving state', () => {
      expect(result.learning).toMatchObject({
        wrongRewards: 0,
        notLearned: 0,
        usedTwice: 0,
        wrongTallies: 0,
        replays: true,
      });
    });

    it('would have noticed', async () => {
      await withClient(db.url, async (client) => {
        // The latest ones: they count in the metrics, as they come after the first exposure of their unit.
        const watch = (await readEvents(client))
          .filter(({ id, name }) => name === 'watch' && ledger.acknowledged.has(id))
          .sort((a, b) => (a.at < b.at ? 1 : -1));
        await client.query('delete from event where id = $1', [watch[0]?.id]);
        await client.query(
          `insert into event (id, at, received_at, unit_id, kind, name, value)
         select id, at, received_at, unit_id, kind, name, value from event where id = $1`,
          [watch[1]?.id],
        );
        await client.query(`update event set value = coalesce(value, 0) + 60 where id = $1`, [watch[2]?.id]);
        const events = await readEvents(client);
        expect(await auditEvents(client, ledger, events)).toMatchObject({
          lost: 1,
          duplicates: 1,
          altered: 1,
        });
        const rollups = await auditRollups(client, events);
        expect(rollups.wrongMetrics).toBeGreaterThan(0);
        expect(rollups.wrongMoments).toBeGreaterThan(0);
      });
    });
  },
);
