import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Arm } from '#experiments';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { makeTesterToken } from '../http/tester-token.js';
import { Database } from '../persistence/database.js';
import type { Sql } from '../persistence/database.js';

export interface TesterBody {
  readonly name: string;
  readonly arms: Readonly<Record<string, string>>;
  readonly hours: number;
}

const KEY_BYTES = 32;
const newKey = (): string => randomBytes(KEY_BYTES).toString('base64url');

/** Tokens that force arms for testers. A token itself is kept nowhere: it is signed, and runs out. */
@Injectable()
export class TestersService {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws Problem 400 for an experiment or arm that does not exist. */
  async give(body: TesterBody, acting: Acting, now = Date.now()) {
    const expiresAt = Math.floor(now / 1000) + body.hours * 3600;
    const { name, arms } = body;
    return this.db.transaction(async (tx) => {
      await requireArms(tx, arms);
      const [row] = await tx.query<{ key: string }>(
        `with made as (insert into tester_key (key) values ($1) on conflict do nothing returning key)
         select key from made union all select key from tester_key limit 1`,
        [newKey()],
      );
      if (!row) throw Problem.conflict('busy', 'Another request has just made the key: send this one again');
      const expires = new Date(expiresAt * 1000).toISOString();
      await recordChange(tx, acting, {
        action: 'tester.give',
        entity: 'tester',
        entityKey: name,
        after: { arms, expiresAt: expires },
      });
      return { token: makeTesterToken({ name, arms }, expiresAt, row.key), name, arms, expiresAt: expires };
    });
  }

  /** A new key: every token given out so far stops to count. */
  async revokeAll(acting: Acting): Promise<{ revokedAt: string }> {
    return this.db.transaction(async (tx) => {
      await tx.query(
        `insert into tester_key (key) values ($1)
         on conflict (singleton) do update set key = excluded.key, created_at = now()`,
        [newKey()],
      );
      await recordChange(tx, acting, { action: 'tester.revoke_all', entity: 'tester', entityKey: 'all' });
      return { revokedAt: new Date().toISOString() };
    });
  }
}

async function requireArms(sql: Sql, arms: TesterBody['arms']): Promise<void> {
  const rows = await sql.query<{ key: string; arms: readonly Arm[]; surface: string }>(
    `select key, arms, surface from experiment where key = any($1::text[]) and status not in ('stopped', 'archived')`,
    [Object.keys(arms)],
  );
  const surfaces = new Map<string, string>();
  for (const [key, arm] of Object.entries(arms)) {
    const found = rows.find((row) => row.key === key);
    const pointer = `/arms/${key}`;
    if (!found)
      throw Problem.invalid(
        pointer,
        'unknown_experiment',
        `there is no experiment "${key}" that can be served`,
      );
    if (!found.arms.some((one) => one.key === arm))
      throw Problem.invalid(pointer, 'unknown_arm', `"${key}" has no arm "${arm}"`);
    const other = surfaces.get(found.surface);
    if (other !== undefined)
      throw Problem.invalid(
        pointer,
        'same_surface',
        `"${other}" is on the same surface: only one can show there`,
      );
    surfaces.set(found.surface, key);
  }
}
