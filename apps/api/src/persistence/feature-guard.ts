import type { Context } from '#experiments';
import type { Sql } from './database.js';
import { CONSENTS, NO_RULES, givenFeatures, pick, readRules, titleFeatures } from './feature-rules.js';
import type { FeatureRules } from './feature-rules.js';

export interface Told {
  /** What policies may know. */
  readonly context: Context;
  /** What is kept for the audit of fairness alone, and the consents; null: nothing. */
  readonly audit: Context | null;
}

/** A member who withdrew the consent to a feature. */
export interface Withdrawal {
  readonly unitId: string;
  readonly feature: string;
}

/** Stands between what requests say and what policies are told. */
export class FeatureGuard {
  private readonly hidden: ReadonlySet<string>;
  private readonly consent: ReadonlySet<string>;
  private readonly known: ReadonlySet<string> | null;
  private readonly sensitive: ReadonlySet<string>;
  private readonly withdrawn = new Map<string, Set<string>>();

  constructor(
    readonly rules: FeatureRules = NO_RULES,
    withdrawals: readonly Withdrawal[] = [],
  ) {
    const { context } = rules;
    this.hidden = new Set(context.hidden);
    this.consent = new Set(context.consent);
    this.known = context.known && new Set(context.known);
    this.sensitive = new Set(rules.sensitive);
    for (const { unitId, feature } of withdrawals) {
      const features = this.withdrawn.get(unitId);
      if (features) features.add(feature);
      else this.withdrawn.set(unitId, new Set([feature]));
    }
  }

  /** Of the schema; undefined: nothing was ever registered. */
  get version(): number | undefined {
    return this.rules.version === 0 ? undefined : this.rules.version;
  }

  /**
   * Splits what a request says. What needs a consent that is not there is in neither part: it is not stored either. A
   * sensitive attribute that needs consent is kept for the audit where the consent is there.
   */
  tell(context: Context, unitId: string): Told {
    if (this.rules.version === 0) return { context, audit: null };
    const names = Object.keys(context);
    const given = this.consentsOf(context, unitId);
    const told = names.filter((name) => this.mayTell(name, given));
    const kept = names.filter((name) => this.sensitive.has(name) && this.agreed(name, given));
    if (told.length === names.length) return { context, audit: null };
    const consents = given.size > 0 ? { [CONSENTS]: [...given] } : {};
    const audit = { ...pick(context, kept), ...consents };
    return { context: pick(context, told), audit: Object.keys(audit).length === 0 ? null : audit };
  }

  /** Features of a registered title. */
  readonly title = (features: Context): Context => titleFeatures(this.rules, features);

  /** Features that a request gives of its actions. */
  readonly given = (features: Context): Context => givenFeatures(this.rules, features);

  private mayTell(name: string, given: ReadonlySet<string>): boolean {
    if (name === CONSENTS || this.hidden.has(name)) return false;
    if (this.consent.has(name) && !given.has(name)) return false;
    return this.known === null || this.known.has(name);
  }

  private agreed(name: string, given: ReadonlySet<string>): boolean {
    return !this.rules.sensitiveConsent.includes(name) || given.has(name);
  }

  private consentsOf(context: Context, unitId: string): ReadonlySet<string> {
    const claimed = context[CONSENTS];
    if (!Array.isArray(claimed)) return NOTHING;
    const withdrawn = this.withdrawn.get(unitId);
    return new Set((claimed as readonly string[]).filter((name) => withdrawn?.has(name) !== true));
  }
}

const NOTHING: ReadonlySet<string> = new Set();

export const readWithdrawals = (sql: Sql): Promise<Withdrawal[]> =>
  sql.query<Withdrawal & Record<string, unknown>>(
    `select unit_id as "unitId", feature from consent_withdrawal where granted_at is null order by 1, 2`,
  );

/** The guard as it stands now, for one unit. */
export async function readGuard(sql: Sql, unitId: string | undefined): Promise<FeatureGuard> {
  const rules = await readRules(sql);
  const withdrawals =
    rules.version === 0 || unitId === undefined
      ? []
      : await sql.query<Withdrawal & Record<string, unknown>>(
          `select unit_id as "unitId", feature from consent_withdrawal where granted_at is null and unit_id = $1`,
          [unitId],
        );
  return new FeatureGuard(rules, withdrawals);
}

const CONSENTED = `
select coalesce((select audit -> '${CONSENTS}' ? $2 from decision where unit_id = $1 order by at desc, id desc limit 1), false)
  and not exists (select from consent_withdrawal where unit_id = $1 and feature = $2 and granted_at is null) as agreed`;

/** Whether policies may know an attribute of a unit that its requests do not send, by the consents of its newest request. */
export async function mayKnow(sql: Sql, unitId: string, name: string): Promise<boolean> {
  const { version, context } = await readRules(sql);
  if (version === 0) return true;
  if (context.hidden.includes(name) || context.known?.includes(name) === false) return false;
  if (!context.consent.includes(name)) return true;
  const [row] = await sql.query<{ agreed: boolean }>(CONSENTED, [unitId, name]);
  return row?.agreed === true;
}
