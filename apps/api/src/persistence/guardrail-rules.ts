import type { Sql } from './database.js';

const KEEP_RULES = `
update guardrail_plan p
   set revision = p.revision + 1,
       plan = jsonb_set(p.plan, '{metrics}', coalesce(
         (select jsonb_object_agg(key, value) from jsonb_each(p.plan -> 'metrics') where key = any($2::text[])), '{}'))
 where p.experiment = $1
   and exists (select from jsonb_object_keys(p.plan -> 'metrics') as key where key <> all($2::text[]))`;

/** The rule of a guardrail goes with it: it would come back to life with the metric, and no file could be applied that has it. */
export async function keepRulesOf(tx: Sql, experiment: string, guardrails: readonly string[]): Promise<void> {
  await tx.query(KEEP_RULES, [experiment, guardrails]);
}
