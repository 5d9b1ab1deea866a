import { hashUnitId } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { FIND_ERASED } from '../persistence/fact-store.sql.js';
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

interface Place {
  /** The id that stands for the unit. */
  readonly kept: string;
  /** Whether other ids stand behind it, or it behind another. */
  readonly grouped: boolean;
  readonly firstSeen: Date | null;
}
type PlaceRow = Place & { readonly id: string } & Record<string, unknown>;

/** Decisions that ingestion has not stored yet do not count: see `firstOf`. */
const PLACES = `
select u.id, coalesce(a.kept, u.id) as kept,
  a.kept is not null or exists (select from unit_alias b where b.kept = u.id) as grouped,
  (select min(d.at) from decision d where d.unit_id = u.id) as "firstSeen"
from unnest($1::text[]) as u (id) left join unit_alias a on a.unit_id = u.id`;
const BEHIND = `select kept, count(*)::int as behind from unit_alias where kept = any($1::text[]) group by kept`;

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

interface Switch {
  readonly unitType: string;
  readonly id: string;
  readonly other: string;
  readonly kind: 'moved' | 'shared';
}
interface Alias {
  readonly unitId: string;
  readonly unitType: string;
  readonly kept: string;
}

/** What the links of one transaction make of the units that they name, one after the other. */
class Linking {
  readonly aliases: Alias[] = [];
  readonly switches: Switch[] = [];

  constructor(
    private readonly places: Map<string, Place>,
    private readonly behind: Map<string, number>,
    private readonly known: number,
  ) {}

  /** @returns the refusal where there is no room for another alias. */
  add(link: Link): Linked | Problem {
    const { unitType, anonymousId, unitId } = link;
    const [anonymous, signedIn] = [this.placeOf(anonymousId), this.placeOf(unitId)];
    if (anonymous.kept === signedIn.kept)
      return { kept: signedIn.kept, outcome: 'unchanged', switched: null };
    if (anonymous.grouped) {
      this.switches.push({ unitType, id: anonymousId, other: unitId, kind: 'shared' });
      return { kept: signedIn.kept, outcome: 'kept_apart', switched: null };
    }
    const { kept, other, moved } = firstOf(link, anonymous, signedIn);
    const full = this.refusal(kept);
    if (full) return full;
    this.aliases.push({ unitId: other, unitType, kept });
    if (moved) this.switches.push({ unitType, id: other, other: kept, kind: 'moved' });
    this.behind.set(kept, (this.behind.get(kept) ?? 0) + 1);
    // The links that follow find the two as they are now.
    this.places.set(other, { ...this.placeOf(other), kept, grouped: true });
    this.places.set(kept, { ...this.placeOf(kept), grouped: true });
    return { kept, outcome: 'linked', switched: moved ? other : null };
  }

  private placeOf(id: string): Place {
    return this.places.get(id) ?? { kept: id, grouped: false, firstSeen: null };
  }

  private refusal(kept: string): Problem | null {
    if ((this.behind.get(kept) ?? 0) >= MOST_PER_UNIT)
      return Problem.conflict(
        'too_many_aliases',
        `"${kept}" stands for ${MOST_PER_UNIT} ids already; no more can be added`,
      );
    if (this.known + this.aliases.length >= MOST_ALIASES)
      return Problem.conflict(
        'too_many_aliases',
        `There are ${MOST_ALIASES} aliases already; no more can be added`,
      );
    return null;
  }
}

/** Units of the links that were erased: nothing may be stored of them any more. An erasure waits, or is waited for. */
async function erasedOf(sql: Sql, links: readonly Link[]): Promise<ReadonlySet<string>> {
  await sql.query(`select pg_advisory_xact_lock_shared(hashtext('marquee.erase'))`);
  const ids = new Map(
    links.flatMap(({ anonymousId, unitId }) => [anonymousId, unitId]).map((id) => [hashUnitId(id), id]),
  );
  const found = await sql.query<{ hash: string }>(FIND_ERASED, [[...ids.keys()]]);
  return new Set(found.map(({ hash }) => ids.get(hash) ?? ''));
}

const refuseErased = (): Problem =>
  Problem.conflict('erased', 'One of the two units was erased; nothing is stored of it any more');

async function startLinking(sql: Sql, links: readonly Link[], known: number): Promise<Linking> {
  const ids = [...new Set(links.flatMap(({ anonymousId, unitId }) => [anonymousId, unitId]))];
  const rows = await sql.query<PlaceRow>(PLACES, [ids]);
  const counted = await sql.query<{ kept: string; behind: number }>(BEHIND, [
    [...new Set(rows.map(({ kept }) => kept))],
  ]);
  return new Linking(
    new Map(rows.map(({ id, kept, grouped, firstSeen }) => [id, { kept, grouped, firstSeen }])),
    new Map(counted.map(({ kept, behind }) => [kept, behind])),
    known,
  );
}

async function write(sql: Sql, { aliases, switches }: Linking): Promise<void> {
  if (aliases.length > 0)
    await sql.query(
      `insert into unit_alias (unit_id, unit_type, kept)
       select u, t, k from unnest($1::text[], $2::text[], $3::text[]) with ordinality as a (u, t, k, n) order by n`,
      [
        aliases.map(({ unitId }) => unitId),
        aliases.map(({ unitType }) => unitType),
        aliases.map(({ kept }) => kept),
      ],
    );
  if (switches.length > 0)
    await sql.query(
      `insert into identity_switch (unit_type, unit_id, other_unit_id, kind)
       select t, u, o, k from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as s (t, u, o, k, n)
        order by n`,
      [
        switches.map(({ unitType }) => unitType),
        switches.map(({ id }) => id),
        switches.map(({ other }) => other),
        switches.map(({ kind }) => kind),
      ],
    );
}

/**
 * Makes anonymous units and the units that they became one, in the order of the links. The id that was seen first stands
 * for both from now on, and never changes again: an experiment keeps the arm that the person saw first. All links are made
 * one after the other, so that two at once end as one of the two orders would.
 * @param sql inside a transaction.
 * @param known how many aliases there are.
 * @returns one for each link, in their order: what became of it, or 409 `too_many_aliases` or `erased` where it was refused.
 */
export async function linkUnits(
  sql: Sql,
  links: readonly Link[],
  known: number,
): Promise<(Linked | Problem)[]> {
  await sql.query(`select pg_advisory_xact_lock(hashtext('marquee.alias'))`);
  const erased = await erasedOf(sql, links);
  const linking = await startLinking(sql, links, known);
  const made = links.map((link) =>
    erased.has(link.anonymousId) || erased.has(link.unitId) ? refuseErased() : linking.add(link),
  );
  await write(sql, linking);
  return made;
}
