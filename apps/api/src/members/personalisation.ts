import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { unitHash } from './look.js';

export interface PersonalisationView {
  readonly personalised: boolean;
  /** Since when it is not; null while it is. */
  readonly since: Date | null;
}

export async function personalisationOf(sql: Sql, unitId: string): Promise<PersonalisationView> {
  const [row] = await sql.query<{ since: Date }>('select since from not_personalised where unit_id = $1', [
    unitId,
  ]);
  return { personalised: row === undefined, since: row?.since ?? null };
}

/** Whether policies may know a member. Every process follows within seconds; the audit row names the unit's hash. */
@Injectable()
export class Personalisation {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 409 for a unit that was erased: nothing may be stored of it any more. */
  set(unitId: string, personalised: boolean, acting: Acting): Promise<PersonalisationView> {
    return this.db.transaction(async (tx) => {
      const hash = unitHash(unitId);
      const erased = await tx.query('select 1 from erased_unit where unit_hash = $1', [
        Buffer.from(hash, 'hex'),
      ]);
      if (erased.length > 0)
        throw Problem.conflict('erased', 'This unit was erased; nothing is stored of it any more');
      const before = await personalisationOf(tx, unitId);
      if (personalised) await tx.query('delete from not_personalised where unit_id = $1', [unitId]);
      else
        await tx.query('insert into not_personalised (unit_id) values ($1) on conflict do nothing', [unitId]);
      const after = await personalisationOf(tx, unitId);
      const action = 'unit.personalisation';
      await recordChange(tx, acting, { action, entity: 'unit', entityKey: hash, before, after });
      return after;
    });
  }
}
