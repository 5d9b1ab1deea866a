import { Inject, Injectable } from '@nestjs/common';
import type { Acting } from '../http/acting.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { writeAudit } from './audit.js';
import { createKey } from './keys.js';
import type { Role } from './keys.js';

const VIEW = `id, name, role, prefix, created_at as "createdAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt"`;

interface KeyView {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly prefix: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}
type KeyRow = KeyView & Record<string, unknown>;

/** API keys. Secrets are kept as hashes and appear in no list and no audit row. */
@Injectable()
export class KeysService {
  constructor(@Inject(Database) private readonly db: Database) {}

  list(): Promise<KeyView[]> {
    return this.db.query<KeyRow>(`select ${VIEW} from api_key order by created_at desc, id`);
  }

  async create(name: string, role: Role, acting: Acting) {
    return this.db.transaction(async (tx) => {
      const { id, key, prefix } = await createKey(tx, name, role);
      const { actor, requestId } = acting;
      await writeAudit(tx, {
        actor,
        requestId,
        action: 'key.create',
        entity: 'key',
        entityKey: id,
        after: { name, role, prefix },
      });
      const [row] = await tx.query<KeyRow>(`select ${VIEW} from api_key where id = $1`, [id]);
      return { id, name, role, prefix, key, createdAt: row?.createdAt };
    });
  }

  /** @throws Problem 404, 409 `last_admin_key`. */
  async revoke(id: string, acting: Acting): Promise<KeyView> {
    return this.db.transaction(async (tx) => {
      // All admin keys are locked, so that two revocations at once cannot remove the last two.
      const admins = await tx.query<{ id: string }>(
        `select id from api_key where role = 'admin' and revoked_at is null and (expires_at is null or expires_at > now()) for update`,
      );
      if (admins.length === 1 && admins[0]?.id === id) {
        throw Problem.conflict(
          'last_admin_key',
          'This is the last admin key: make another one before you revoke it',
        );
      }
      const [row] = await tx.query<KeyRow>(
        `update api_key set revoked_at = coalesce(revoked_at, now()) where id = $1 returning ${VIEW}`,
        [id],
      );
      if (!row) throw Problem.notFound('Key', id);
      const { actor, requestId } = acting;
      const { name, role, prefix } = row;
      await writeAudit(tx, {
        actor,
        requestId,
        action: 'key.revoke',
        entity: 'key',
        entityKey: id,
        before: { name, role, prefix },
      });
      await tx.query(`select pg_notify('marquee_keys', '')`);
      return row;
    });
  }
}
