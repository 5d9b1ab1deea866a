import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';
import { readSchema } from '../persistence/feature-rules.js';
import { unitHash } from './look.js';

export interface ConsentsView {
  /** Consents that the member took back: whatever requests say, policies do not get these features. */
  readonly withdrawn: readonly { readonly feature: string; readonly since: Date }[];
}

export async function consentsOf(sql: Sql, unitId: string): Promise<ConsentsView> {
  const withdrawn = await sql.query<ConsentsView['withdrawn'][number] & Record<string, unknown>>(
    `select feature, withdrawn_at as since from consent_withdrawal where unit_id = $1 and granted_at is null order by 1`,
    [unitId],
  );
  return { withdrawn };
}

/** Consents that members take back, and give again. */
@Injectable()
export class Consents {
  constructor(@Inject(Database) private readonly db: Database) {}

  /**
   * Replaces the list of what a member took back. What is given again counts from now on: what was decided before stays out of
   * training.
   * @throws Problem 400 for a feature that needs no consent, 409 for a unit that was erased.
   */
  set(unitId: string, withdrawn: readonly string[], acting: Acting): Promise<ConsentsView> {
    return this.db.transaction(async (tx) => {
      const hash = unitHash(unitId);
      const erased = await tx.query('select 1 from erased_unit where unit_hash = $1', [
        Buffer.from(hash, 'hex'),
      ]);
      if (erased.length > 0)
        throw Problem.conflict('erased', 'This unit was erased; nothing is stored of it any more');
      await refuseOthers(tx, withdrawn);
      const before = await consentsOf(tx, unitId);
      await tx.query(
        `update consent_withdrawal set granted_at = now()
         where unit_id = $1 and granted_at is null and feature <> all($2::text[])`,
        [unitId, withdrawn],
      );
      await tx.query(
        `insert into consent_withdrawal (unit_id, feature) select $1, unnest($2::text[])
         on conflict (unit_id, feature) do update set withdrawn_at = now(), granted_at = null
         where consent_withdrawal.granted_at is not null`,
        [unitId, [...new Set(withdrawn)]],
      );
      const after = await consentsOf(tx, unitId);
      await recordChange(tx, acting, {
        action: 'unit.consents',
        entity: 'unit',
        entityKey: hash,
        before,
        after,
      });
      return after;
    });
  }
}

async function refuseOthers(tx: Sql, names: readonly string[]): Promise<void> {
  const { features } = await readSchema(tx);
  const needing = features
    .filter(({ consent, entity }) => consent && entity !== 'title')
    .map(({ name }) => name);
  const place = names.findIndex((name) => !needing.includes(name));
  if (place < 0) return;
  const known = needing.length === 0 ? 'none does' : `these do: ${needing.join(', ')}`;
  throw Problem.invalid(
    `/withdrawn/${place}`,
    'no_consent_needed',
    `"${names[place]}" is no registered feature that needs consent; ${known}`,
  );
}
