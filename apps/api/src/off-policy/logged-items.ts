import type { Context } from '#experiments';
import type { DecisionRequest } from '#policies';
import type { Sql } from '../persistence/database.js';
import { NO_RULES, givenFeatures, readRules, titleFeatures } from '../persistence/feature-rules.js';
import type { FeatureRules } from '../persistence/feature-rules.js';
import { KEEP_ALL_FEATURES } from '../serving/decision-record.js';

/** What a logged request can be made of again. */
export interface LoggedRequest {
  readonly decision_at: Date;
  readonly subject: string | null;
  readonly unit_id: string;
  readonly context: Context;
  readonly candidates: readonly string[];
  readonly features: Readonly<Record<string, Context>> | null;
}

/** Everything that the candidate needs to answer the request again is on record. */
export const isWhole = ({ candidates, features }: LoggedRequest, served: readonly string[]): boolean =>
  served.every((id) => candidates.includes(id)) &&
  (features === null || candidates.length <= KEEP_ALL_FEATURES);

/** Features of items as the item table has them now, as far as policies may know them. */
export class Items {
  private readonly known = new Map<string, Context>();
  private rules: FeatureRules | null = null;
  constructor(private readonly sql: Sql) {}

  async load(rows: readonly LoggedRequest[]): Promise<void> {
    const rules = (this.rules ??= await readRules(this.sql));
    const wanted = new Set(rows.flatMap(({ candidates }) => candidates.filter((id) => !this.known.has(id))));
    if (wanted.size === 0) return;
    const found = await this.sql.query<{ id: string; features: Context }>(
      'select id, features from item where id = any($1)',
      [[...wanted]],
    );
    for (const id of wanted) this.known.set(id, {});
    for (const { id, features } of found) this.known.set(id, titleFeatures(rules, features));
  }

  of(id: string): Context {
    return this.known.get(id) ?? {};
  }

  /** Features that a request gave of an action, as far as policies may know them now. */
  given(features: Context): Context {
    return givenFeatures(this.rules ?? NO_RULES, features);
  }
}

/** The request as it was made; features that it did not give are those of the item table now. */
export const requestOf = (row: LoggedRequest, items: Items): DecisionRequest => ({
  unitId: row.unit_id,
  context: row.context,
  subject: row.subject,
  at: row.decision_at.getTime(),
  actions: row.candidates.map((id) => {
    const given = row.features?.[id];
    return { id, features: given ? items.given(given) : items.of(id) };
  }),
});
