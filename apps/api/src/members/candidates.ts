import type { Action } from '#policies';
import type { Context } from '#experiments';
import type { Sql } from '../persistence/database.js';
import { readRules, titleFeatures } from '../persistence/feature-rules.js';

export interface Candidate extends Action {
  readonly title: string;
}

/** Candidates of one answer at most; a bigger catalogue is cut in the order in which it is offered. */
export const MOST_CANDIDATES = 5000;

/** Registered candidates, as serving offers them: of a kind, and of a subject or of none. */
export async function candidatesOf(sql: Sql, kind: string, subject: string | null): Promise<Candidate[]> {
  const rules = await readRules(sql);
  const rows = await sql.query<{ id: string; title: string; features: Context } & Record<string, unknown>>(
    `select id, title, features from item where kind = $1 and subject is not distinct from $2 and available
     order by position, id limit ${MOST_CANDIDATES}`,
    [kind, subject],
  );
  return rows.map((row) => ({ ...row, features: titleFeatures(rules, row.features) }));
}
