import { chooseVariation, getBucketRanges, hash, inRange } from '../hash.js';
import type { Json } from '../vocabulary.js';
import { compileMongoCondition } from './condition.js';
import type { MongoCondition } from './condition.js';
import type { JsonObject } from './json.js';
import type {
  FeatureSource,
  GrowthBookContext,
  GrowthBookExperiment,
  GrowthBookFeatureResult,
  GrowthBookLeaf,
  GrowthBookMeta,
  GrowthBookParent,
  GrowthBookResult,
  GrowthBookRule,
} from './payload.js';
import { isSticky, keepVariation, storedVariation } from './sticky.js';
import { hashed, isFilteredOut, isInLayers, queryStringOverride } from './unit.js';
import type { Hashed } from './unit.js';

/** Features that may stand above one another as prerequisites. */
const MOST_PARENTS = 20;

const conditions = new WeakMap<JsonObject, MongoCondition>();
function matches(condition: JsonObject, attributes: JsonObject, context: GrowthBookContext): boolean {
  let compiled = conditions.get(condition);
  if (!compiled) conditions.set(condition, (compiled = compileMongoCondition(condition)));
  return compiled(attributes, context.savedGroups);
}

const isTargeted = (condition: JsonObject | undefined, context: GrowthBookContext): boolean =>
  condition === undefined || matches(condition, context.attributes ?? {}, context);

/** `cyclic`: a feature asks for itself. `failed` names the parent whose condition does not hold. */
function askParents(
  parents: readonly GrowthBookParent[] | undefined,
  context: GrowthBookContext,
  above: readonly string[],
): { readonly failed: GrowthBookParent | null; readonly cyclic: boolean } {
  for (const parent of parents ?? []) {
    const { value, source } = evaluateFeature(context, parent.id, above);
    if (source === 'cyclicPrerequisite') return { failed: parent, cyclic: true };
    if (!matches(parent.condition ?? {}, { value }, context)) return { failed: parent, cyclic: false };
  }
  return { failed: null, cyclic: false };
}

function unitOf(context: GrowthBookContext, experiment: GrowthBookExperiment): Hashed {
  const { hashAttribute, fallbackAttribute } = experiment;
  return hashed(context, hashAttribute, isSticky(context, experiment) ? fallbackAttribute : undefined);
}

/** Fields that are left out rather than undefined, as the SDKs do. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** How an arm was found by hashing; null: it was asked for, or there is none. */
interface Found {
  readonly bucket: number;
  readonly sticky: boolean;
}

const NO_META: GrowthBookMeta = {};

/** @param index outside of the variations: not in the experiment, which shows the first. */
function resultOf(run: Run, index: number, found: Found | null = null): GrowthBookResult {
  const { context, experiment, featureId } = run;
  const inExperiment = index >= 0 && index < experiment.variations.length;
  const variationId = inExperiment ? index : 0;
  const meta = experiment.meta?.[variationId] ?? NO_META;
  const unit = unitOf(context, experiment);
  return {
    key: meta.key ?? String(variationId),
    featureId,
    inExperiment,
    hashUsed: found !== null,
    variationId,
    value: experiment.variations[variationId] ?? null,
    hashAttribute: unit.attribute,
    hashValue: unit.value,
    stickyBucketUsed: found !== null && found.sticky,
    ...given({ bucket: found?.bucket, name: meta.name, passthrough: meta.passthrough }),
    ...(found ? experiment.contextualBandit : undefined),
  };
}

interface Run {
  readonly context: GrowthBookContext;
  readonly experiment: GrowthBookExperiment;
  readonly featureId: string | null;
  readonly above: readonly string[];
}

/** An arm that somebody asked for, which is shown without being hashed; null where nobody did. */
function askedFor({ context, experiment }: Run): number | null {
  const { key, variations } = experiment;
  const byAddress = queryStringOverride(key, context.url ?? '', variations.length);
  if (byAddress !== null) return byAddress;
  const { forcedVariations } = context;
  return forcedVariations && Object.hasOwn(forcedVariations, key) ? (forcedVariations[key] ?? null) : null;
}

/** Layers, targeting and prerequisites: a unit that was stored in the experiment is not asked again. */
function mayEnter({ context, experiment, above }: Run, unit: Hashed): boolean {
  return (
    isInLayers(context, unit, experiment) &&
    isTargeted(experiment.condition, context) &&
    askParents(experiment.parentConditions, context, above).failed === null
  );
}

/** The arm's index by stored assignment or by hash, -1 outside of the traffic; null where the unit may not take part. */
function findArm(run: Run, unit: Hashed): (Found & { readonly index: number }) | null {
  const { context, experiment } = run;
  const stored = storedVariation(context, experiment);
  const sticky = stored.variation >= 0;
  if (!sticky && !mayEnter(run, unit)) return null;
  const bucket = hash(experiment.seed ?? experiment.key, unit.value, experiment.hashVersion ?? 1);
  if (bucket === null || stored.blocked) return null;
  const { variations, coverage = 1, weights = null } = experiment;
  const ranges = experiment.ranges ?? getBucketRanges(variations.length, coverage, weights);
  return { bucket, sticky, index: sticky ? stored.variation : chooseVariation(bucket, ranges) };
}

function assign(run: Run): GrowthBookResult {
  const { context, experiment } = run;
  const unit = unitOf(context, experiment);
  const found = unit.value === '' ? null : findArm(run, unit);
  if (found === null || found.index < 0) return resultOf(run, -1);
  if (experiment.force !== undefined) return resultOf(run, experiment.force);
  if (context.qaMode === true || experiment.status === 'stopped') return resultOf(run, -1);
  const result = resultOf(run, found.index, found);
  keepVariation(context, experiment, unit, result.key);
  return result;
}

/**
 * GrowthBook's `run`, in the order of its SDKs. What only a browser knows stays out: address patterns, `include`
 * callbacks, redirects.
 * @param featureId the feature whose rule this is, if any.
 */
export function evaluateExperiment(
  context: GrowthBookContext,
  experiment: GrowthBookExperiment,
  featureId: string | null = null,
  above: readonly string[] = [],
): GrowthBookResult {
  const run = { context, experiment, featureId, above };
  if (experiment.variations.length < 2 || context.enabled === false) return resultOf(run, -1);
  const asked = askedFor(run);
  if (asked !== null) return resultOf(run, asked);
  if (experiment.status === 'draft' || experiment.active === false) return resultOf(run, -1);
  return assign(run);
}

function featureResult(
  value: Json,
  source: FeatureSource,
  parts: Partial<GrowthBookFeatureResult> = {},
): GrowthBookFeatureResult {
  const on = Boolean(value);
  return { value, on, off: !on, source, ruleId: '', ...parts };
}

/** Whether a forced value's roll-out reaches the unit. */
function isRolledOut(context: GrowthBookContext, rule: GrowthBookRule, id: string): boolean {
  const { range, coverage, seed, hashVersion = 1 } = rule;
  if (range === undefined && coverage === undefined) return true;
  if (range === undefined && coverage === 0) return false;
  const fallback = isSticky(context, { key: id, variations: [], ...rule } as GrowthBookExperiment)
    ? rule.fallbackAttribute
    : undefined;
  const { value } = hashed(context, rule.hashAttribute, fallback);
  const n = value === '' ? null : hash(seed ?? id, value, hashVersion);
  if (n === null) return false;
  return range ? inRange(n, range) : n <= (coverage ?? 1);
}

/** The first leaf that matches gives the weights; without one the rule's own, as leaf -1. */
function leafOf(context: GrowthBookContext, rule: GrowthBookRule): GrowthBookLeaf | null {
  const bandits = context.contextualBandits;
  const ref = rule.contextualBanditRef;
  if (!bandits || ref === undefined || !Object.hasOwn(bandits, ref)) return null;
  const bandit = bandits[ref];
  if (!bandit) return null;
  const leaf = bandit.contexts.find(({ condition }) => isTargeted(condition, context));
  const variationWeights = leaf?.weights ?? rule.weights ?? [];
  return { leafId: leaf?.leafId ?? -1, variationWeights, banditVersion: bandit.banditVersion };
}

const COPIED = [
  'coverage',
  'weights',
  'hashAttribute',
  'fallbackAttribute',
  'disableStickyBucketing',
  'bucketVersion',
  'minBucketVersion',
  'namespace',
  'meta',
  'ranges',
  'name',
  'phase',
  'seed',
  'hashVersion',
  'filters',
  'condition',
] as const satisfies readonly (keyof GrowthBookRule)[];

/** The experiment that a rule describes; null where it describes none. */
function experimentOf(
  context: GrowthBookContext,
  rule: GrowthBookRule,
  id: string,
): GrowthBookExperiment | null {
  const variations = rule.variations ?? rule.contextualVariations;
  if (!variations) return null;
  const copied = Object.fromEntries(
    COPIED.flatMap((field) => (rule[field] === undefined ? [] : [[field, rule[field]]])),
  );
  const leaf = rule.variations ? null : leafOf(context, rule);
  return {
    ...copied,
    variations,
    key: rule.key ?? id,
    ...(leaf ? { contextualBandit: leaf, weights: leaf.variationWeights } : {}),
  };
}

/** One rule's answer; null: the next rule is asked. */
function applyRule(
  context: GrowthBookContext,
  rule: GrowthBookRule,
  id: string,
  above: readonly string[],
): GrowthBookFeatureResult | null {
  const { failed, cyclic } = askParents(rule.parentConditions, context, above);
  if (cyclic) return featureResult(null, 'cyclicPrerequisite');
  if (failed) return failed.gate === true ? featureResult(null, 'prerequisite') : null;
  if (rule.filters && isFilteredOut(context, rule.filters)) return null;
  if (rule.force !== undefined) {
    const applies = isTargeted(rule.condition, context) && isRolledOut(context, rule, id);
    return applies ? featureResult(rule.force, 'force', { ruleId: rule.id ?? '' }) : null;
  }
  return applyExperiment(context, rule, id, above);
}

function applyExperiment(
  context: GrowthBookContext,
  rule: GrowthBookRule,
  id: string,
  above: readonly string[],
): GrowthBookFeatureResult | null {
  const experiment = experimentOf(context, rule, id);
  if (!experiment) return null;
  const ruleId = rule.id ?? '';
  const experimentResult = evaluateExperiment(context, experiment, id, above);
  if (!experimentResult.inExperiment || experimentResult.passthrough === true) return null;
  const { contextualBandit, ...plain } = experiment;
  const shown = experimentResult.hashUsed && contextualBandit ? experiment : plain;
  return featureResult(experimentResult.value, 'experiment', { ruleId, experiment: shown, experimentResult });
}

/**
 * GrowthBook's `evalFeature`: the first rule that applies gives the value, else the default.
 * @param above features whose prerequisites led here; one that asks for itself ends as `cyclicPrerequisite`.
 */
export function evaluateFeature(
  context: GrowthBookContext,
  id: string,
  above: readonly string[] = [],
): GrowthBookFeatureResult {
  if (above.includes(id) || above.length >= MOST_PARENTS) return featureResult(null, 'cyclicPrerequisite');
  const features = context.features ?? {};
  const feature = Object.hasOwn(features, id) ? features[id] : undefined;
  if (!feature) return featureResult(null, 'unknownFeature');
  for (const rule of feature.rules ?? []) {
    const result = applyRule(context, rule, id, [...above, id]);
    if (result) return result;
  }
  return featureResult(feature.defaultValue ?? null, 'defaultValue');
}
