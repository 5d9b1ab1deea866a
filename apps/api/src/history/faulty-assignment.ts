import { newUlid } from '../http/ulid.js';
import { linkUnits } from '../identities/link-units.js';
import type { Database } from '../persistence/database.js';
import type { FactStore } from '../persistence/fact-store.js';
import { encodeEvents } from '../queues/event-lines.js';
import type { ClientEvent } from '../queues/jobs.js';

const HOUR_MS = 3_600_000;
const TWO_ARMS = 8;
const TWO_IDS = 6;
const DEFAULT_SHOWN = 9;
const OTHER_UNIT = 4;
const LOST = 7;

interface Seen extends Record<string, unknown> {
  readonly id: string;
  readonly unitId: string;
  readonly at: Date;
}

/** Exposed decisions of different units in one arm, of the last days of a history; always the same ones. */
const SEEN = `
select distinct on (hashtext(u.unit_id), u.unit_id) d.id, d.unit_id as "unitId", d.at
  from experiment_unit u join decision d on d.unit_id = u.unit_id and d.experiment = u.experiment and d.arm = u.arm
 where u.experiment = $1 and u.arm = $2 and not u.crossover and d.at between $3 and $4
 order by hashtext(u.unit_id), u.unit_id, d.at desc limit $5`;

/** The same decision for another unit, an hour later, and seen. */
const COPY = `
insert into decision
select (jsonb_populate_record(d, jsonb_build_object(
         'id', n.id, 'at', n.at, 'unit_id', n.unit, 'exposed', true,
         'txid', pg_current_xact_id()::text::bigint))).*
  from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) as n (of, id, at, unit)
  join decision d on d.id = n.of and d.at = ulid_at(n.of)`;

/**
 * Adds a few of everything that goes wrong with assignment to the past of one experiment: units in two arms, people
 * under two ids, defaults that were shown first, exposures for other units and without decision.
 * @param arms two arms of the experiment.
 */
export async function addFaultyAssignment(
  db: Database,
  facts: FactStore,
  experiment: string,
  arms: readonly [string, string],
  to: number,
): Promise<void> {
  const seen = (arm: string, n: number): Promise<Seen[]> =>
    db.query<Seen>(SEEN, [experiment, arm, new Date(to - 120 * HOUR_MS), new Date(to - 2 * HOUR_MS), n]);
  const copied = await seen(arms[0], TWO_ARMS + TWO_IDS);
  const units = await seen(arms[1], TWO_ARMS + TWO_IDS + DEFAULT_SHOWN + OTHER_UNIT + LOST);
  const pairs = copied.flatMap((of, i) => {
    const unit = units[i];
    return unit === undefined ? [] : [{ of, unit, at: new Date(of.at.getTime() + HOUR_MS), place: i }];
  });
  const idOf = ({ unit, place }: (typeof pairs)[number]): string =>
    place < TWO_ARMS ? unit.unitId : `anonymous-${unit.unitId}`;
  await db.query(COPY, [
    pairs.map(({ of }) => of.id),
    pairs.map(({ at }) => newUlid(at.getTime())),
    pairs.map(({ at }) => at),
    pairs.map(idOf),
  ]);
  const links = pairs.slice(TWO_ARMS).map((pair) => ({
    unitType: 'member',
    anonymousId: idOf(pair),
    unitId: pair.unit.unitId,
  }));
  await db.transaction((tx) => linkUnits(tx, links, 0));
  const events = eventsOf(units.slice(TWO_ARMS + TWO_IDS));
  if (events.length > 0) await facts.insertEvents(encodeEvents(events));
}

function eventsOf(units: readonly Seen[]): ClientEvent[] {
  return units.map(({ id, unitId, at }, i) => {
    const event = { ...EXPOSURE, id: `faulty-${id}`, at: at.getTime(), receivedAt: at.getTime() };
    if (i < DEFAULT_SHOWN)
      return { ...event, kind: 'outcome', name: 'default_shown', unitId, decisionId: id };
    if (i < DEFAULT_SHOWN + OTHER_UNIT) return { ...event, unitId: `device-${unitId}`, decisionId: id };
    return { ...event, unitId, decisionId: `old-app-${i}` };
  });
}

const EXPOSURE = {
  kind: 'exposure',
  name: null,
  value: null,
  actionId: null,
  itemId: null,
  position: null,
  properties: null,
} as const;
