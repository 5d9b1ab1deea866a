import type { Sql } from '../persistence/database.js';
import { MOST_ALIASES } from '../persistence/identity-map.js';
import { Problem } from '../http/problem.js';

/** Ids that may stand behind one unit: somebody's devices before each sign-in. */
export const MOST_PER_UNIT = 50;

export interface Link {
  readonly unitType: string;
  /** The id before the sign-in. */
  readonly anonymousId: string;
  /** The id that is known from now on. */
  readonly unitId: string;
}

export interface Linked {
  /** The id that stands for both; where `outcome` is `kept_apart`, that of `unitId` alone. */
  readonly kept: string;
  /**
   * `linked`: the two are one unit from now on. `unchanged`: they were already. `kept_apart`: the anonymous id belongs to
   * somebody else, so that the two stay two units.
   */
  readonly outcome: 'linked' | 'unchanged' | 'kept_apart';
  /** The id that changes to the kept one and was seen before: what it did so far stays where it was counted. */
  readonly switched: string | null;
}

interface Place extends Record<string, unknown> {
  /** The id that stands for the unit. */
  readonly kept: string;
  /** Whether other ids stand behind it, or it behind another. */
  readonly grouped: boolean;
  readonly firstSeen: Date | null;
}

/** Decisions that ingestion has not stored yet do not count: see `firstOf`. */
const PLACE = `
select coalesce(a.kept, u.id) as kept,
  a.kept is not null or exists (select from unit_alias b where b.kept = u.id) as grouped,
  (select min(d.at) from decision d where d.unit_id = u.id) as "firstSeen"
from (select $1::text as id) u left join unit_alias a on a.unit_id = u.id`;

/** Which of two was seen first. Where nothing says, the anonymous one: that is the order in which a visit goes. */
function firstOf(
  link: Link,
  anonymous: Place,
  signedIn: Place,
): { kept: string; other: string; moved: boolean } {
  const { anonymousId, unitId } = link;
  const later =
    signedIn.firstSeen !== null &&
    (anonymous.firstSeen === null || signedIn.firstSeen.getTime() <= anonymous.firstSeen.getTime());
  // A unit that others stand behind stays what it is: they would all have to move.
  const keepsSignedIn = signedIn.grouped || later;
  return keepsSignedIn
    ? { kept: signedIn.kept, other: anonymousId, moved: anonymous.firstSeen !== null }
    : { kept: anonymousId, other: unitId, moved: signedIn.firstSeen !== null };
}

async function record(
  sql: Sql,
  link: Link,
  kind: 'moved' | 'shared',
  id: string,
  other: string,
): Promise<void> {
  await sql.query(
    'insert into identity_switch (unit_type, unit_id, other_unit_id, kind) values ($1, $2, $3, $4)',
    [link.unitType, id, other, kind],
  );
}

async function requireRoom(sql: Sql, kept: string, known: number): Promise<void> {
  const [room] = await sql.query<{ behind: number }>(
    'select count(*)::int as behind from unit_alias where kept = $1',
    [kept],
  );
  if ((room?.behind ?? 0) >= MOST_PER_UNIT)
    throw Problem.conflict(
      'too_many_aliases',
      `"${kept}" stands for ${MOST_PER_UNIT} ids already; no more can be added`,
    );
  if (known >= MOST_ALIASES)
    throw Problem.conflict(
      'too_many_aliases',
      `There are ${MOST_ALIASES} aliases already; no more can be added`,
    );
}

/**
 * Makes an anonymous unit and the unit it became one. The id that was seen first stands for both from now on, and never
 * changes again: an experiment keeps the arm that the person saw first. All links are made one after the other, so that
 * two at once end as one of the two orders would.
 * @param sql inside a transaction.
 * @param known how many aliases there are.
 * @throws Problem 409 `too_many_aliases`.
 */
export async function linkUnits(sql: Sql, link: Link, known: number): Promise<Linked> {
  await sql.query(`select pg_advisory_xact_lock(hashtext('marquee.alias'))`);
  const [anonymous] = await sql.query<Place>(PLACE, [link.anonymousId]);
  const [signedIn] = await sql.query<Place>(PLACE, [link.unitId]);
  if (!anonymous || !signedIn) throw new Error('a query without a condition answered nothing');
  if (anonymous.kept === signedIn.kept) return { kept: signedIn.kept, outcome: 'unchanged', switched: null };
  if (anonymous.grouped) {
    await record(sql, link, 'shared', link.anonymousId, link.unitId);
    return { kept: signedIn.kept, outcome: 'kept_apart', switched: null };
  }
  const { kept, other, moved } = firstOf(link, anonymous, signedIn);
  await requireRoom(sql, kept, known);
  await sql.query('insert into unit_alias (unit_id, unit_type, kept) values ($1, $2, $3)', [
    other,
    link.unitType,
    kept,
  ]);
  if (moved) await record(sql, link, 'moved', other, kept);
  return { kept, outcome: 'linked', switched: moved ? other : null };
}
