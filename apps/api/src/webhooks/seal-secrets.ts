import type { Database } from '../persistence/database.js';
import type { Sealer } from '../persistence/sealer.js';
import type { Secret } from './signature.js';

/** What secrets of an endpoint are bound to. */
export const sealedFor = (endpointId: string): string => `webhook ${endpointId}`;

/**
 * Seals the secrets that are stored as they are, or with a key that is being replaced. Those of a key that is not there any
 * more stay: they have to be rotated.
 * @returns how many endpoints were changed.
 */
export async function sealSecrets(db: Database, sealer: Sealer): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.query<{ id: string; secrets: readonly Secret[] }>(
      'select id, secrets from webhook_endpoint order by id for update',
    );
    let changed = 0;
    for (const { id, secrets } of rows) {
      if (secrets.every(({ secret }) => sealer.isCurrent(secret))) continue;
      try {
        const sealed = secrets.map((one) => ({
          ...one,
          secret: sealer.seal(sealer.open(one.secret, sealedFor(id)), sealedFor(id)),
        }));
        await tx.query('update webhook_endpoint set secrets = $2::jsonb where id = $1', [
          id,
          JSON.stringify(sealed),
        ]);
        changed++;
      } catch {
        // Opened by no key: sending says so, and a rotation makes a new secret.
      }
    }
    return changed;
  });
}
