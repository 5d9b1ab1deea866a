import { Inject, Injectable } from '@nestjs/common';
import type { UnitType } from '#experiments';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import type { CreateUnitType } from './audience.schemas.js';

const MOST_TYPES = 50;

/** Kinds of units that experiments can be on. */
@Injectable()
export class UnitTypesService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<UnitType[]> {
    return this.db.query<UnitType & Record<string, unknown>>(
      'select key, title, context_field as "contextField" from unit_type order by created_at, key',
    );
  }

  /** @throws Problem 409 `already_exists` | `too_many_unit_types`. */
  async create(body: CreateUnitType, acting: Acting): Promise<UnitType> {
    return this.db.transaction(async (tx) => {
      const [all] = await tx.query<{ n: number }>('select count(*)::int as n from unit_type');
      if ((all?.n ?? 0) >= MOST_TYPES)
        throw Problem.conflict('too_many_unit_types', `There are ${MOST_TYPES} unit types already`);
      const made = await tx.query(
        'insert into unit_type (key, title, context_field) values ($1, $2, $3) on conflict do nothing returning key',
        [body.key, body.title, body.contextField],
      );
      if (made.length === 0)
        throw Problem.conflict('already_exists', `A unit type with the key "${body.key}" exists already`);
      await recordChange(tx, acting, {
        action: 'unit_type.create',
        entity: 'unit_type',
        entityKey: body.key,
        after: body,
      });
      return body;
    });
  }
}
