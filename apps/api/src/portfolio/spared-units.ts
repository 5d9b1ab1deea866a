import { compileCondition, conditionSources, unitListsOf } from '#experiments';
import type { Condition, Context } from '#experiments';
import { loadSavedConditions } from '../persistence/audience-references.js';
import type { Sql } from '../persistence/database.js';

const PAGE = 20_000;

interface Covered {
  readonly unitType: string;
  /** null: all. */
  readonly surfaces: readonly string[] | null;
  readonly from: Date;
  readonly to: Date;
}

/**
 * Units that the exception of a holdout is about, by what their first decision was asked with: staff, testers. The holdout
 * spares them, so that there are none on its side; they are left out of the other side too, or the sides would differ in more
 * than the holdout.
 */
export async function sparedUnits(sql: Sql, except: Condition | null, covered: Covered): Promise<string[]> {
  if (except === null) return [];
  const meets = compileCondition(
    except,
    conditionSources(await loadSavedConditions(sql, unitListsOf(except))),
  );
  const spared: string[] = [];
  for (let after = ''; ;) {
    const rows = await sql.query<{ unitId: string; context: Context }>(
      `select distinct on (unit_id) unit_id as "unitId", context from decision
        where at >= $1 and at <= $2 and unit_type = $3 and ($4::text[] is null or surface = any($4)) and unit_id > $5
        order by unit_id, at, id limit $6`,
      [covered.from, covered.to, covered.unitType, covered.surfaces, after, PAGE],
    );
    for (const { unitId, context } of rows) if (meets(context, unitId)) spared.push(unitId);
    if (rows.length < PAGE) return spared;
    after = rows.at(-1)?.unitId ?? after;
  }
}
