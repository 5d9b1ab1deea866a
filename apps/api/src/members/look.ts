import { createHash } from 'node:crypto';
import { writeAudit } from '../access/audit.js';
import type { Acting } from '../http/acting.js';
import type { Database } from '../persistence/database.js';

/** How a unit is named where its id may not stand: hex SHA-256, as on its tombstone. */
export const unitHash = (unitId: string): string => createHash('sha256').update(unitId, 'utf8').digest('hex');

/** Notes that somebody looked at a person. The audit log outlives the unit, so it names the hash alone. */
export function auditLook(
  db: Database,
  { actor, requestId }: Acting,
  action: 'unit.preview' | 'unit.profile',
  unitId: string,
): Promise<void> {
  return db.transaction((tx) =>
    writeAudit(tx, { actor, requestId, action, entity: 'unit', entityKey: unitHash(unitId) }),
  );
}
