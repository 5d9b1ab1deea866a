import type { Context, Json } from '#experiments';
import { limitFeatures } from '#policies';
import type { Sql } from './database.js';

export const ENTITIES = ['member', 'title', 'context', 'history'] as const;
export type FeatureEntity = (typeof ENTITIES)[number];

/** What is registered about a feature. */
export interface FeatureDefinition {
  readonly kind: 'number' | 'category' | 'list' | 'text';
  readonly description: string;
  /** Where the value comes from: the catalogue, the profile, the app... */
  readonly source: string;
  readonly unit: string | null;
  /** Least and greatest value of a number. */
  readonly range: readonly [number | null, number | null] | null;
  /** Policies get it only where the request says that the member consents. */
  readonly consent: boolean;
  /** Policies never get it. */
  readonly sensitive: boolean;
}

export interface RegisteredFeature extends FeatureDefinition {
  readonly entity: FeatureEntity;
  readonly name: string;
  /** Of the schema that brought its last change. */
  readonly version: number;
  readonly retired: boolean;
  readonly changedAt: Date;
}

export type Unregistered = 'given' | 'withheld';

/** What may be told to policies, as the registry says it. */
export interface FeatureRules {
  /** Of the schema; 0: nothing was ever registered, and nothing is kept back. */
  readonly version: number;
  readonly context: NameRules;
  readonly title: NameRules;
  /** Attributes of members that nobody may know about: kept for the audit of fairness alone. */
  readonly sensitive: readonly string[];
  /** Those of them that are kept only where the member consents. */
  readonly sensitiveConsent: readonly string[];
}

interface NameRules {
  /** Never told. */
  readonly hidden: readonly string[];
  /** Told to policies where the member consents. */
  readonly consent: readonly string[];
  /** All that may be told; null: whatever comes. */
  readonly known: readonly string[] | null;
}

/** Attribute of a request that lists the features whose use the member consents to. */
export const CONSENTS = 'consents';

export const NO_RULES: FeatureRules = {
  version: 0,
  context: { hidden: [], consent: [], known: null },
  title: { hidden: [], consent: [], known: null },
  sensitive: [],
  sensitiveConsent: [],
};

interface ChangeRow extends Record<string, unknown> {
  readonly version: number;
  readonly entity: FeatureEntity | 'schema';
  readonly name: string;
  readonly action: string;
  readonly definition: FeatureDefinition & { readonly unregistered?: Unregistered };
  readonly at: Date;
}

const NEWEST = `
select distinct on (entity, name) version, entity, name, action, definition, at from feature_change
order by entity, name, version desc`;

export interface FeatureSchema {
  readonly version: number;
  readonly unregistered: Unregistered;
  /** By entity and name; retired ones among them. */
  readonly features: readonly RegisteredFeature[];
}

/** The registry as it is now. */
export async function readSchema(sql: Sql): Promise<FeatureSchema> {
  const rows = await sql.query<ChangeRow>(NEWEST);
  const features = rows.flatMap(({ entity, name, version, action, definition, at }) =>
    entity === 'schema'
      ? []
      : [{ ...definition, entity, name, version, retired: action === 'retire', changedAt: at }],
  );
  const setting = rows.find(({ entity }) => entity === 'schema')?.definition.unregistered;
  return {
    version: rows.reduce((most, { version }) => Math.max(most, version), 0),
    unregistered: setting ?? 'given',
    features,
  };
}

/** Retired features are kept back as unregistered ones would be; what was sensitive stays so. */
export function rulesOf({ version, unregistered, features }: FeatureSchema): FeatureRules {
  if (version === 0) return NO_RULES;
  const namesOf = (wanted: (feature: RegisteredFeature) => boolean): string[] =>
    features.filter(wanted).map(({ name }) => name);
  const about = (isTitle: boolean): NameRules => {
    const here = ({ entity }: RegisteredFeature): boolean => (entity === 'title') === isTitle;
    return {
      hidden: namesOf((one) => here(one) && (one.sensitive || one.retired)),
      consent: namesOf((one) => here(one) && one.consent && !one.sensitive && !one.retired),
      known: unregistered === 'given' ? null : namesOf((one) => here(one) && !one.sensitive && !one.retired),
    };
  };
  return {
    version,
    context: about(false),
    title: about(true),
    sensitive: namesOf(({ entity, sensitive }) => sensitive && entity !== 'title'),
    sensitiveConsent: namesOf((one) => one.sensitive && one.consent && one.entity !== 'title'),
  };
}

/** Rules that keep some features of titles: what says where and to whom a title may be shown holds unregistered as well. */
export function keeping(rules: FeatureRules, names: readonly string[]): FeatureRules {
  const { known } = rules.title;
  return known === null ? rules : { ...rules, title: { ...rules.title, known: [...known, ...names] } };
}

const LIMITS = `
select params from policy where params ? 'wrappers' union all
select jsonb_build_object('wrappers', jsonb_build_array(jsonb_build_object('key', 'hard-filters', 'params', layout -> 'filters')))
from page where jsonb_typeof(layout -> 'filters') = 'object'`;

export async function readRules(sql: Sql): Promise<FeatureRules> {
  const rules = rulesOf(await readSchema(sql));
  if (rules.title.known === null) return rules;
  const limits = await sql.query<{ params: Json }>(LIMITS);
  return keeping(rules, [...new Set(limits.flatMap(({ params }) => limitFeatures(params)))].sort());
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const list = (names: readonly string[]): string => `array[${names.map(quoted).join(', ')}]::text[]`;

const onlyKnown = (expression: string, known: readonly string[]): string =>
  `(select coalesce(jsonb_object_agg(k, v), '{}') from jsonb_each(${expression}) e(k, v) where k = any(${list(known)}))`;

/**
 * SQL for the context of a logged decision as policies may know it now: without what is sensitive, without what its member
 * did not consent to then or has withdrawn since.
 * @param alias of the table `decision`.
 */
export function contextSql({ version, context }: FeatureRules, alias: string): string {
  const whole = `${alias}.context`;
  if (version === 0) return whole;
  const { hidden, consent, known } = context;
  const kept = `(${whole} - ${list([...hidden, CONSENTS])}${consent.length === 0 ? '' : ` - ${refusedSql(consent, alias)}`})`;
  return known === null ? kept : onlyKnown(kept, known);
}

const refusedSql = (names: readonly string[], alias: string): string =>
  `coalesce((select array_agg(n) from unnest(${list(names)}) n
     where not coalesce(${alias}.audit -> '${CONSENTS}' ? n, false) or exists (
       select from consent_withdrawal w where w.unit_id = ${alias}.unit_id and w.feature = n
         and (w.granted_at is null or ${alias}.at < w.granted_at))), '{}')`;

/** One attribute of a logged context, for what reads it by name: null unless everybody may be asked about it. */
export function attributeSql({ version, context }: FeatureRules, alias: string, name: string): string {
  const { hidden, consent, known } = context;
  const isOpen = ![...hidden, ...consent].includes(name) && (known === null || known.includes(name));
  return version === 0 || isOpen ? `${alias}.context->>${quoted(name)}` : 'null';
}

/** Features of a title as policies may know them: the same object where nothing is kept back. */
export function titleFeatures(rules: FeatureRules, features: Context): Context {
  return without(features, rules.title, rules.title.hidden);
}

/**
 * Features that a request gives of its actions; they may be about the member, and no consent goes with them. The same object
 * where nothing is kept back.
 */
export function givenFeatures({ context, title }: FeatureRules, features: Context): Context {
  return without(features, title, [...title.hidden, ...context.hidden, ...context.consent]);
}

function without(features: Context, { known }: NameRules, hidden: readonly string[]): Context {
  const names = Object.keys(features);
  const kept = names.filter((name) => !hidden.includes(name) && (known === null || known.includes(name)));
  return kept.length === names.length ? features : pick(features, kept);
}

export const pick = (from: Context, names: readonly string[]): Context =>
  Object.fromEntries(names.map((name) => [name, from[name]])) as Context;
