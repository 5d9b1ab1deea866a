import { Inject, Injectable } from '@nestjs/common';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
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

/** Anonymous units and the units they become. */
@Injectable()
export class IdentitiesService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(IdentityMap) private readonly map: IdentityMap,
  ) {}

  async link(link: Link, acting: Acting): Promise<Linked> {
    const linked = await this.db.transaction(async (tx) => {
      const result = await linkUnits(tx, link, this.map.size);
      if (result.outcome !== 'unchanged') {
        const { actor, requestId } = acting;
        const after = {
          unitType: link.unitType,
          outcome: result.outcome,
          switched: result.switched !== null,
        };
        // No ids: the log of audits outlives an erasure.
        await writeAudit(tx, {
          actor,
          requestId,
          action: 'identity.link',
          entity: 'identity',
          entityKey: link.unitType,
          after,
        });
      }
      return result;
    });
    await this.map.refresh();
    return linked;
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
