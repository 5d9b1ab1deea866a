import type { Sql } from './database.js';

/**
 * Marks breaches of guardrails that are open in a phase as taken back: their tests stay quiet until they are watched again.
 * @param which `acted`: those alone that changed what is served; an alert stays open.
 */
export async function takeBack(
  tx: Sql,
  experiment: string,
  phase: number,
  actor: string,
  which: 'all' | 'acted' = 'all',
): Promise<void> {
  await tx.query(
    `update guardrail_breach set taken_back_at = now(), taken_back_by = $3
      where experiment = $1 and phase = $2 and taken_back_at is null and ($4 = 'all' or done <> 'alerted')`,
    [experiment, phase, actor, which],
  );
}
