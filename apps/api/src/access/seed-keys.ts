import fs from 'node:fs';
import path from 'node:path';
import type { Database } from '../persistence/database.js';
import { createKey, hashKey } from './keys.js';
import type { Role } from './keys.js';

const ROLES: readonly Role[] = ['publishable', 'secret', 'admin'];

/**
 * Generates one key per role for a local installation and writes them to keys.json (readable by its owner
 * only). Keys that are already there and still valid are kept, so that a second start changes nothing.
 */
export async function seedKeys(db: Pick<Database, 'query'>, stateDir: string): Promise<Record<Role, string>> {
  const file = path.join(stateDir, 'keys.json');
  const known = fs.existsSync(file)
    ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Partial<Record<Role, string>>)
    : {};
  const keys: Partial<Record<Role, string>> = {};
  for (const role of ROLES) {
    const key = known[role];
    const [row] = key
      ? await db.query(`select 1 from api_key where hash = $1 and revoked_at is null`, [hashKey(key)])
      : [];
    keys[role] = key && row ? key : (await createKey(db, `local ${role}`, role)).key;
  }
  fs.mkdirSync(stateDir, { recursive: true });
  // By way of another name: a start that is killed here leaves the old file or the new one, never half of one.
  fs.writeFileSync(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  fs.chmodSync(`${file}.new`, 0o600);
  fs.renameSync(`${file}.new`, file);
  return keys as Record<Role, string>;
}
