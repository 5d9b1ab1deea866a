import { Inject, Injectable } from '@nestjs/common';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { IdentityMap } from '../persistence/identity-map.js';
import { linkUnits } from './link-units.js';
import type { Link, Linked } from './link-units.js';

export interface IdentityView {
  readonly unitId: string;
  /** The id that stands for it. */
  readonly kept: string;
  /** All ids that the kept one stands for, besides itself. */
  readonly aliases: readonly { readonly unitId: string; readonly at: Date }[];
  readonly switches: readonly Switch[];
}
type Switch = {
  readonly unitId: string;
  readonly otherUnitId: string;
  /** `moved`: it had been seen, and is counted as the other from then on. `shared`: two units used the same anonymous id. */
  readonly kind: 'moved' | 'shared';
  readonly at: Date;
};

const SWITCHES = `
select unit_id as "unitId", other_unit_id as "otherUnitId", kind, at from identity_switch
where unit_id = $1 or other_unit_id = $1 order by at desc, id desc limit 100`;

/** Links of one transaction: others wait for it, and what fails of it is sent again. */
const CHUNK = 100;

/** One entry for all, without ids: the log of audits outlives an erasure. */
async function recordLinks(
  tx: Sql,
  links: readonly Link[],
  results: readonly (Linked | Problem)[],
  { actor, requestId }: Acting,
): Promise<void> {
  const made = results.flatMap((one, i) => {
    const link = links[i];
    return one instanceof Problem || one.outcome === 'unchanged' || !link ? [] : [{ ...one, link }];
  });
  const [first] = made;
  if (!first) return;
  const of = (outcome: Linked['outcome']): number => made.filter((one) => one.outcome === outcome).length;
  const { unitType } = first.link;
  const after =
    made.length === 1
      ? { unitType, outcome: first.outcome, switched: first.switched !== null }
      : {
          unitTypes: [...new Set(made.map(({ link }) => link.unitType))],
          linked: of('linked'),
          keptApart: of('kept_apart'),
          switched: made.filter(({ switched }) => switched !== null).length,
        };
  const entry = { action: 'identity.link', entity: 'identity', entityKey: unitType };
  await writeAudit(tx, { actor, requestId, ...entry, after });
}

/** Anonymous units and the units they become. */
@Injectable()
export class IdentitiesService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(IdentityMap) private readonly map: IdentityMap,
  ) {}

  /** @throws Problem 409 `too_many_aliases`, `erased`. */
  async link(link: Link, acting: Acting): Promise<Linked> {
    const [made] = await this.linkAll([link], acting);
    if (!made || made instanceof Problem) throw made ?? new Error('a link became nothing');
    return made;
  }

  /**
   * Links in their order, each after those before it; a transaction for every hundred of them.
   * @returns one for each: what became of it, or why it was refused.
   */
  async linkAll(links: readonly Link[], acting: Acting): Promise<(Linked | Problem)[]> {
    const made: (Linked | Problem)[] = [];
    for (let from = 0; from < links.length; from += CHUNK) {
      const chunk = links.slice(from, from + CHUNK);
      const added = made.filter((one) => !(one instanceof Problem) && one.outcome === 'linked').length;
      made.push(
        ...(await this.db.transaction(async (tx) => {
          const results = await linkUnits(tx, chunk, this.map.size + added);
          await recordLinks(tx, chunk, results, acting);
          return results;
        })),
      );
    }
    if (links.length > 0) await this.map.refresh();
    return made;
  }

  async get(unitId: string): Promise<IdentityView> {
    const [row] = await this.db.query<{ kept: string }>('select kept from unit_alias where unit_id = $1', [
      unitId,
    ]);
    const kept = row?.kept ?? unitId;
    const [aliases, switches] = await Promise.all([
      this.db.query<{ unitId: string; at: Date }>(
        'select unit_id as "unitId", at from unit_alias where kept = $1 order by seq',
        [kept],
      ),
      this.db.query<Switch>(SWITCHES, [unitId]),
    ]);
    return { unitId, kept, aliases, switches };
  }

  /** How many there are, and what happened in the last days. */
  async summary() {
    const [row] = await this.db.query<{ aliases: number; moved: number; shared: number }>(
      `select (select count(*)::int from unit_alias) as aliases,
        (count(*) filter (where kind = 'moved'))::int as moved, (count(*) filter (where kind = 'shared'))::int as shared
       from identity_switch where at > now() - interval '7 days'`,
    );
    return { aliases: row?.aliases ?? 0, last7Days: { moved: row?.moved ?? 0, shared: row?.shared ?? 0 } };
  }
}
