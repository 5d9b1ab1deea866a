import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { ERASE, ERASE_LOCKS, EXPORT } from './units.sql.js';

type Row = Readonly<Record<string, unknown>>;
type Section = keyof typeof EXPORT;

export interface UnitExport extends Record<Section, readonly Row[]> {
  readonly unitId: string;
  readonly exportedAt: string;
  /** Set once the unit was erased: nothing sent for it is stored any more. */
  readonly erasedAt: string | null;
}

export interface ErasureReceipt {
  /** SHA-256 of the id, in hex: the tombstone. The id itself is kept nowhere. */
  readonly unitHash: string;
  readonly erasedAt: string;
  /** Rows removed, by store. */
  readonly removed: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

const NOTES = [
  'Sums over many units (moments of metrics, counts) hold no ids and stay as they are until they are next rebuilt.',
  'Decisions of other units that it asked for and never reacted to keep 32 bits of a hash of its id until they are too old to be kept.',
  'Learned policies hold no events of the unit; recommenders forget what they derived from it with their next training run.',
  'Records still on their way are dropped at the door by the tombstone.',
] as const;

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
const publicRow = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).map(([name, value]) => [camel(name), value]));
const hashOf = (unitId: string): Buffer => createHash('sha256').update(unitId, 'utf8').digest();

/** What a person may ask about a unit: everything that is kept of it, and to have it forgotten. */
@Injectable()
export class UnitsService {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Reads in one snapshot, so that the parts fit together. */
  async export(unitId: string): Promise<UnitExport> {
    return this.db.transaction(async (tx) => {
      await tx.query('set transaction isolation level repeatable read, read only');
      const parts = {} as Record<Section, readonly Row[]>;
      for (const section of Object.keys(EXPORT) as Section[]) {
        const rows = await tx.query<{ row: Row }>(EXPORT[section], [unitId]);
        parts[section] = rows.map(({ row }) => publicRow(row));
      }
      const [now] = await tx.query<{ now: Date }>('select now() as now');
      const erasedAt = await tombstone(tx, unitId);
      return { unitId, exportedAt: (now?.now ?? new Date()).toISOString(), erasedAt, ...parts };
    });
  }

  /**
   * Removes everything kept of a unit and sets its tombstone, in one transaction and under the locks of rollup and
   * ingestion: what was stored before is seen and removed, what comes later is refused. Erasing twice is harmless.
   */
  async erase(unitId: string, acting: Acting): Promise<ErasureReceipt> {
    const hash = hashOf(unitId);
    return this.db.transaction(async (tx) => {
      for (const lock of ERASE_LOCKS) await tx.query(lock);
      await tx.query('insert into erased_unit (unit_hash) values ($1) on conflict do nothing', [hash]);
      const removed: Record<string, number> = {};
      for (const [store, sql] of Object.entries(ERASE)) {
        const [row] = await tx.query<{ removed: number }>(sql, [unitId]);
        removed[store] = row?.removed ?? 0;
      }
      const unitHash = hash.toString('hex');
      const { actor, requestId } = acting;
      await writeAudit(tx, {
        actor,
        requestId,
        action: 'unit.erase',
        entity: 'unit',
        entityKey: unitHash,
        after: { removed },
      });
      const erasedAt = (await tombstone(tx, unitId)) ?? '';
      return { unitHash, erasedAt, removed, notes: NOTES };
    });
  }
}

async function tombstone(sql: Sql, unitId: string): Promise<string | null> {
  const [row] = await sql.query<{ at: Date }>(
    'select erased_at as at from erased_unit where unit_hash = $1',
    [hashOf(unitId)],
  );
  return row?.at.toISOString() ?? null;
}
