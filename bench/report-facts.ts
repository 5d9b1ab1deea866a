import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { newUlid } from '../apps/api/src/http/ulid.js';

export const DAYS = 28;
export const DAY_MS = 86_400_000;
export const ARMS = ['control', 'first', 'second'] as const;
/** Besides the exposure: 10 events a unit. */
const OUTCOMES = 9;
const UNITS_PER_CHUNK = 2000;

const OUTCOME_NAMES = [
  'session_start',
  'click',
  'play',
  'watch',
  'pause',
  'session_start',
  'play',
  'watch',
  'search',
] as const;

const DECISION_COLUMNS =
  'id, at, unit_id, unit_type, surface, experiment, arm, phase, kind, chosen, propensity, arm_propensity, context, seed, reason';
const EVENT_COLUMNS = 'id, at, received_at, unit_id, kind, name, value, decision_id';

/** Indexes of the two tables that are no primary keys: building them after the load takes half the time. */
const INDEXES = `
select indexname as name, indexdef as definition from pg_indexes
where schemaname = 'public' and tablename in ('event', 'decision') and indexdef not like 'CREATE UNIQUE%'`;

const iso = (at: number): string => new Date(at).toISOString();

interface Chunk {
  readonly decisions: Buffer;
  readonly events: Buffer;
}

/** Facts of some units: one decision and its exposure each, and outcomes from before it to now. */
function chunkOf(first: number, now: number, rng: Rng): Chunk {
  let decisions = '';
  let events = '';
  for (let unit = first; unit < first + UNITS_PER_CHUNK; unit++) {
    const at = Math.floor(now - rng.uniform() * DAYS * DAY_MS);
    const id = newUlid(at);
    const arm = ARMS[unit % ARMS.length] as string;
    const row = [id, iso(at), `unit-${unit}`, 'member', 'bench.report', 'bench-report', arm, 1];
    const device = ['tv', 'phone', 'web', 'tablet'][unit % 4] as string;
    decisions += `${row.join('\t')}\tvalue\t"x"\t1\t0.3333\t{"device": "${device}"}\ts\tASSIGNED\n`;
    const event = (kind: string, when: number, name: string, value: string, of: string): void => {
      events += `${newUlid(when)}\t${iso(when)}\t${iso(now)}\tunit-${unit}\t${kind}\t${name}\t${value}\t${of}\n`;
    };
    event('exposure', at + 5, '\\N', '\\N', id);
    for (let i = 0; i < OUTCOMES; i++) {
      // One in nine from before the exposure: the covariate's period.
      const when =
        i === 0
          ? at - Math.floor(rng.uniform() * 13 * DAY_MS)
          : Math.floor(at + 1000 + rng.uniform() * (now - at - 1000));
      const name = OUTCOME_NAMES[i] as string;
      event(
        'outcome',
        when,
        name,
        name === 'watch' ? String(Math.floor(rng.uniform() * (arm === 'control' ? 3600 : 3700))) : '\\N',
        i < 4 && i > 0 ? id : '\\N',
      );
    }
  }
  return { decisions: Buffer.from(decisions), events: Buffer.from(events) };
}

/** Fills decision and event with an experiment that ran for four weeks. @param now Unix milliseconds. */
export async function loadFacts(client: pg.Client, units: number, now: number): Promise<void> {
  await client.query('select ensure_partitions($1::date, $2::date)', [
    iso(now - (DAYS + 15) * DAY_MS),
    iso(now + DAY_MS),
  ]);
  const indexes = await client.query<{ name: string; definition: string }>(INDEXES);
  for (const { name } of indexes.rows) await client.query(`drop index ${name}`);
  const rng = createRng('bench-report');
  for (let first = 0; first < units; first += UNITS_PER_CHUNK) {
    const chunk = chunkOf(first, now, rng);
    await pipeline(
      Readable.from([chunk.decisions]),
      client.query(copyFrom(`copy decision (${DECISION_COLUMNS}) from stdin`)),
    );
    await pipeline(
      Readable.from([chunk.events]),
      client.query(copyFrom(`copy event (${EVENT_COLUMNS}) from stdin`)),
    );
  }
  for (const { definition } of indexes.rows) await client.query(definition.replace(' ON ONLY ', ' ON '));
}
