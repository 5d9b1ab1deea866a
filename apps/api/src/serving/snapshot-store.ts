import type { Json } from '#experiments';
import type { Sql } from '../persistence/database.js';
import type { Snapshot } from './serving-policy.js';

interface Row {
  policy_id: string;
  version: number;
  state_version: number;
  params: Json;
  state: Json;
  sha256: string;
}

const toSnapshot = (row: Row): Snapshot => ({
  policyId: row.policy_id,
  version: row.version,
  stateVersion: row.state_version,
  params: row.params,
  state: row.state,
  sha256: row.sha256,
});

const COLUMNS = 'policy_id, version, state_version, params, state, sha256';

/** Reads learned states from PostgreSQL. */
export class SnapshotStore {
  constructor(private readonly db: Sql) {}

  /** Which version each policy is to serve; null for none yet. */
  async servingVersions(policyIds: readonly string[]): Promise<Map<string, number | null>> {
    const rows = await this.db.query<{ id: string; serving_version: number | null }>(
      'select id, serving_version from policy where id = any($1)',
      [policyIds],
    );
    return new Map(rows.map((row) => [row.id, row.serving_version]));
  }

  async read(policyId: string, version: number): Promise<Snapshot | null> {
    const rows = await this.db.query<Row & Record<string, unknown>>(
      `select ${COLUMNS} from policy_snapshot where policy_id = $1 and version = $2`,
      [policyId, version],
    );
    return rows[0] ? toSnapshot(rows[0]) : null;
  }

  /** The newest accepted version below one that turned out to be unusable. */
  async readBefore(policyId: string, version: number): Promise<Snapshot | null> {
    const rows = await this.db.query<Row & Record<string, unknown>>(
      `select ${COLUMNS} from policy_snapshot
       where policy_id = $1 and version < $2 and status = 'accepted' order by version desc limit 1`,
      [policyId, version],
    );
    return rows[0] ? toSnapshot(rows[0]) : null;
  }
}
