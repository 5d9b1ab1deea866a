import { DEFAULT_ASSIGNMENT_RULES } from '#metrics';
import type { AssignmentRules } from '#metrics';
import type { Sql } from './database.js';

/** The scope of the project's own rules; no key of an experiment looks like it. */
export const PROJECT = '*';

/** What somebody set, and nothing else. */
export interface GivenRules {
  readonly exclude?: Partial<AssignmentRules['exclude']>;
  readonly thresholds?: Partial<AssignmentRules['thresholds']>;
  readonly lateAfterSeconds?: number;
}

export interface StoredRules {
  readonly given: GivenRules;
  /** 0: nothing was ever set. */
  readonly revision: number;
}

/** Rules with what some of them are replaced by. */
export const withRules = (rules: AssignmentRules, given: GivenRules): AssignmentRules => ({
  exclude: { ...rules.exclude, ...given.exclude },
  thresholds: { ...rules.thresholds, ...given.thresholds },
  lateAfterSeconds: given.lateAfterSeconds ?? rules.lateAfterSeconds,
});

/** What was set in one scope. @param lock keeps others from changing it. */
export async function readGivenRules(sql: Sql, scope: string, lock = false): Promise<StoredRules> {
  const [row] = await sql.query<{ rules: GivenRules; revision: number }>(
    `select rules, revision from assignment_rule where scope = $1${lock ? ' for update' : ''}`,
    [scope],
  );
  return { given: row?.rules ?? {}, revision: row?.revision ?? 0 };
}

export async function writeGivenRules(
  sql: Sql,
  scope: string,
  { given, revision }: StoredRules,
): Promise<void> {
  await sql.query(
    `insert into assignment_rule (scope, rules, revision) values ($1, $2::jsonb, $3)
     on conflict (scope) do update set rules = excluded.rules, revision = excluded.revision, updated_at = now()`,
    [scope, JSON.stringify(given), revision],
  );
}

/** How experiments treat units whose assignment went wrong: their own rules, else the project's, else the defaults. */
export async function loadAssignmentRules(sql: Sql): Promise<(experiment: string) => AssignmentRules> {
  const rows = await sql.query<{ scope: string; rules: GivenRules }>(
    `select scope, rules from assignment_rule`,
  );
  const given = new Map(rows.map(({ scope, rules }) => [scope, rules]));
  const project = withRules(DEFAULT_ASSIGNMENT_RULES, given.get(PROJECT) ?? {});
  return (experiment) => withRules(project, given.get(experiment) ?? {});
}
