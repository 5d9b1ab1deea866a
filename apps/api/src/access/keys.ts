import { createHash, hash, randomBytes } from 'node:crypto';
import type { Database } from '../persistence/database.js';

export type Role = 'publishable' | 'secret' | 'admin';
const RANK: Readonly<Record<Role, number>> = { publishable: 0, secret: 1, admin: 2 };
const PREFIX: Readonly<Record<Role, string>> = {
  publishable: 'mq_pub_',
  secret: 'mq_sec_',
  admin: 'mq_adm_',
};

export interface Caller {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
}

export const allows = (has: Role, needed: Role): boolean => RANK[has] >= RANK[needed];

/** SHA-256 suffices for 256-bit random tokens: there is nothing to guess slowly. */
export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

export interface NewKey {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
}

/** Makes and stores a key; the plain text is returned once and never kept. */
export async function createKey(db: Pick<Database, 'query'>, name: string, role: Role): Promise<NewKey> {
  const key = PREFIX[role] + randomBytes(32).toString('base64url');
  const id = `key_${randomBytes(9).toString('base64url')}`;
  const prefix = key.slice(0, 12);
  await db.query(`insert into api_key (id, name, role, prefix, hash) values ($1, $2, $3, $4, $5)`, [
    id,
    name,
    role,
    prefix,
    hashKey(key),
  ]);
  await db.query(`select pg_notify('marquee_keys', '')`);
  return { id, key, prefix };
}

interface KeyRow {
  id: string;
  name: string;
  role: Role;
  hash: Buffer;
  expires_at: Date | null;
}

type Entry = Caller & { readonly expiresAt: number };

/** The valid keys in memory: checking one touches no network and goes on while PostgreSQL is away. */
export class KeyRing {
  private byHash = new Map<string, Entry>();
  private readonly recent = new Map<string, Entry>();
  private used = new Set<string>();
  /** Stands in `used` already. */
  private lastUsed: Entry | null = null;
  private stopListening: (() => Promise<void>) | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly db: Database) {}

  async start(): Promise<void> {
    await this.reload();
    this.stopListening = this.db.listen(['marquee_keys'], () => void this.reload().catch(() => undefined));
    this.timer = setInterval(() => void this.flush().catch(() => undefined), 5_000);
    this.timer.unref();
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.stopListening?.();
  }

  /** @returns who calls, or null for an unknown, revoked or expired key. */
  find(key: string): Caller | null {
    const entry = this.recent.get(key) ?? this.lookUp(key);
    if (!entry || entry.expiresAt <= Date.now()) return null;
    if (entry !== this.lastUsed) this.used.add(entry.keyId);
    this.lastUsed = entry;
    return entry;
  }

  private lookUp(key: string): Entry | undefined {
    const entry = this.byHash.get(hash('sha256', key, 'base64'));
    // Only keys that are valid anyway, and only until the next reload, stand in memory as they are.
    if (entry) this.recent.set(key, entry);
    return entry;
  }

  private async reload(): Promise<void> {
    const rows = await this.db.query<KeyRow>(
      `select id, name, role, hash, expires_at from api_key where revoked_at is null`,
    );
    this.recent.clear();
    this.byHash = new Map(
      rows.map((row) => [
        row.hash.toString('base64'),
        {
          keyId: row.id,
          name: row.name,
          role: row.role,
          expiresAt: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
        },
      ]),
    );
  }

  private async flush(): Promise<void> {
    const used = [...this.used];
    this.used.clear();
    this.lastUsed = null;
    if (used.length > 0)
      await this.db.query(`update api_key set last_used_at = now() where id = any($1)`, [used]);
    await this.reload();
  }
}
