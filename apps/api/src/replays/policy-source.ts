import type { Json } from '#experiments';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import { answering } from '../serving/answering.js';
import type { Answering, Overrides } from '../serving/answering.js';
import type { PolicyConfig } from '../serving/catalog-data.js';
import { SnapshotStore } from '../serving/snapshot-store.js';

export interface StoredPolicy {
  readonly config: PolicyConfig;
  readonly servingVersion: number | null;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly key: string;
  readonly params: Json;
  readonly exploration: { readonly key: string; readonly params?: Json };
  readonly floor: number;
  readonly serving_version: number | null;
}

/** Reads policies and their versions from PostgreSQL, whether or not anything serves them now. */
export class PolicySource {
  private readonly snapshots: SnapshotStore;

  constructor(private readonly db: Sql) {
    this.snapshots = new SnapshotStore(db);
  }

  async find(id: string): Promise<StoredPolicy | null> {
    const [row] = await this.db.query<Row>(
      'select id, key, params, exploration, floor, serving_version from policy where id = $1',
      [id],
    );
    if (!row) return null;
    const config: PolicyConfig = {
      id: row.id,
      key: row.key,
      params: row.params,
      exploration: { key: row.exploration.key, params: row.exploration.params ?? {} },
      floor: row.floor,
      rewardWindowSeconds: null,
    };
    return { config, servingVersion: row.serving_version };
  }

  /**
   * @param version 0: the state before anything was learned.
   * @throws Problem 422 `not_replayable` when the version is not kept, or cannot answer.
   */
  async at({ config }: StoredPolicy, version: number, overrides: Overrides = {}): Promise<Answering> {
    const refuse = (why: string): Problem =>
      new Problem(422, 'not_replayable', `Version ${version} of the policy "${config.id}" ${why}`);
    const snapshot = version === 0 ? null : await this.snapshots.read(config.id, version);
    if (version > 0 && snapshot === null) throw refuse('is not kept');
    try {
      return answering(config, snapshot, overrides);
    } catch (error) {
      throw refuse(`cannot answer: ${(error as Error).message}`);
    }
  }
}
