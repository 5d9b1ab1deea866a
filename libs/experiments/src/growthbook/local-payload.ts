import type { AssignmentCatalog } from '../compiled-catalog.js';
import { membershipsOf } from '../layers.js';
import { surfacesInCircles } from '../prerequisites.js';
import { conditionSources } from '../saved-conditions.js';
import { armWeights, splitRanges } from '../split.js';
import type { ConditionSources } from '../targeting.js';
import { BUILT_IN_UNIT_TYPES } from '../unit-types.js';
import type { Arm, Experiment, Holdout, Json, Layer, Surface } from '../vocabulary.js';
import type { JsonObject } from './json.js';
import { NotLocal, localCondition } from './local-condition.js';
import type { GrowthBookFeature, GrowthBookFilter, GrowthBookParent, GrowthBookRule } from './payload.js';

/** What a GrowthBook SDK needs to assign units by itself. */
export interface LocalPayload {
  /**
   * By surface; by `$arms:<surface>` in which arm a unit is, for prerequisites; by `$holdout:<surface>` which holdout with
   * tags it belongs to.
   */
  readonly features: Readonly<Record<string, GrowthBookFeature>>;
  /** Surfaces that are left out, and why only the server can answer for them. */
  readonly remote: Readonly<Record<string, string>>;
}

/** The attribute that is the unit of a request: the id of a `member`. */
export const UNIT_ID = 'id';
const REQUEST_UNIT = 'member';
/** As long as ids may be; see unit-types.ts. */
const AN_ID: JsonObject = { $type: 'string', $regex: '^[^]{1,128}$' };

/** What an experiment asks of a unit, in GrowthBook's words. Every rule is made of this. */
interface LocalExperiment {
  readonly experiment: Experiment;
  readonly hashAttribute: string;
  readonly layers: readonly GrowthBookFilter[];
  /** Of the units of the layer's part; null: all of them. */
  readonly condition: JsonObject | null;
  /** Prerequisites, and not to be withheld by a holdout with tags. */
  readonly parents: readonly GrowthBookParent[];
}

/** What the rules of a surface serve: its values, or the names of arms. */
interface Serving {
  readonly nothing: Json;
  of(experiment: Experiment, arm: Arm): Json;
  /** Whether running experiments are told to the SDK as such, so that it reports exposures. */
  readonly tracked: boolean;
}

const NAMES: Serving = {
  nothing: null,
  of: (experiment, arm) => `${experiment.key}/${arm.key}`,
  tracked: false,
};

const valuesOf = (surface: Surface): Serving => ({
  nothing: surface.defaultValue,
  of: (experiment, { treatment }) => {
    if (treatment.kind === 'value') return treatment.value;
    throw new NotLocal(`"${experiment.key}" has an arm that a policy decides`);
  },
  tracked: true,
});

const and = (parts: readonly (JsonObject | null)[]): JsonObject | null => {
  const given = parts.filter((part) => part !== null);
  return given.length > 1 ? { $and: given } : (given[0] ?? null);
};
const optional = (
  condition: JsonObject | null,
  parents: readonly GrowthBookParent[] = [],
): Pick<GrowthBookRule, 'condition' | 'parentConditions'> => ({
  ...(condition ? { condition } : {}),
  ...(parents.length > 0 ? { parentConditions: parents } : {}),
});

/** Writes the features of one catalogue. */
class PayloadWriter {
  readonly features: Record<string, GrowthBookFeature> = {};
  readonly remote: Record<string, string> = {};
  private readonly layers: ReadonlyMap<string, Layer>;
  private readonly fields: ReadonlyMap<string, string | null>;
  private readonly sources: ConditionSources;
  private readonly circles: ReadonlySet<string>;

  constructor(private readonly catalog: AssignmentCatalog) {
    this.layers = new Map(catalog.layers.map((layer) => [layer.key, layer]));
    const types = catalog.unitTypes ?? BUILT_IN_UNIT_TYPES;
    this.fields = new Map(types.map(({ key, contextField }) => [key, contextField]));
    this.sources = conditionSources(catalog);
    this.circles = surfacesInCircles(catalog.experiments);
  }

  add(surface: Surface): void {
    try {
      if (surface.kind !== 'value') throw new NotLocal('what it shows is chosen among candidates');
      this.features[surface.key] = this.featureOf(surface.key, valuesOf(surface));
    } catch (error) {
      if (!(error instanceof NotLocal)) throw error;
      this.remote[surface.key] = error.message;
    }
  }

  /** In the engine's order: holdouts, what runs or pauses, what was shipped. */
  private featureOf(surface: string, serving: Serving): GrowthBookFeature {
    const here = this.catalog.experiments.filter((one) => one.surface === surface);
    const shipped = here
      .filter(({ status }) => status === 'shipped')
      .reverse()
      .flatMap((one) => this.shippedRules(one, serving));
    return feature(serving.nothing, [
      ...this.holdoutsOf(surface)
        .filter(({ tags }) => !tags)
        .map((holdout) => this.holdoutRule(holdout, serving.nothing)),
      ...here
        .filter(({ status }) => status === 'running' || status === 'paused')
        .flatMap((one) => this.liveRules(one, serving, shipped)),
      ...shipped,
    ]);
  }

  private holdoutsOf(surface: string): Holdout[] {
    return this.catalog.holdouts.filter(
      ({ enabled, surfaces }) => enabled && (surfaces === null || surfaces.includes(surface)),
    );
  }

  private holdoutRule({ key, salt, share, unitType, except }: Holdout, force: Json): GrowthBookRule {
    const attribute = this.attributeOf(unitType);
    // An exception's `$unit` is the unit of the request.
    const spared = except ? localCondition(except, { unitAttribute: UNIT_ID, sources: this.sources }) : null;
    return {
      id: `holdout:${key}`,
      force,
      filters: [{ attribute, seed: salt, hashVersion: 2, ranges: [[0, share]] }],
      ...optional(and([isKnown(attribute), spared && { $not: spared }])),
    };
  }

  /** Null unless some holdout with tags can take the experiment away; of those, a unit belongs to the first. */
  private withheldBy({ surface, tags = [] }: Experiment): GrowthBookParent | null {
    const tagged = this.holdoutsOf(surface).filter((holdout) => holdout.tags);
    const keys = tagged
      .filter((holdout) => holdout.tags?.some((tag) => tags.includes(tag)))
      .map(({ key }) => key);
    if (keys.length === 0) return null;
    const id = `$holdout:${surface}`;
    this.features[id] ??= feature(
      null,
      tagged.map((holdout) => this.holdoutRule(holdout, holdout.key)),
    );
    return { id, condition: { value: { $nin: keys } } };
  }

  private liveRules(
    experiment: Experiment,
    serving: Serving,
    shipped: readonly GrowthBookRule[],
  ): GrowthBookRule[] {
    const local = this.localExperiment(experiment);
    if (local === null) return [];
    if (experiment.status === 'running')
      return serving.tracked && experiment.arms.length > 1
        ? [trackedRule(local, serving)]
        : experiment.arms.map((arm, i) => armRule(local, serving.of(experiment, arm), [i]));
    // Its units wait: they get what was shipped, or the default.
    const everyArm = experiment.arms.map((_, i) => i);
    const held = armRule(local, serving.nothing, everyArm);
    const instead = shipped.map(({ force, condition = null, parentConditions = [] }) => ({
      ...held,
      force: force as Json,
      ...optional(and([local.condition, condition]), [...local.parents, ...parentConditions]),
    }));
    return [...instead, held];
  }

  private shippedRules(experiment: Experiment, serving: Serving): GrowthBookRule[] {
    const arm = experiment.arms.find(({ key }) => key === experiment.shippedArm);
    if (!arm) return [];
    const { condition } = this.membership(experiment);
    const withheld = this.withheldBy(experiment);
    const force = serving.of(experiment, arm);
    return [{ id: experiment.key, force, ...optional(condition, withheld ? [withheld] : []) }];
  }

  /** Null where its prerequisites can never be met. */
  private localExperiment(experiment: Experiment): LocalExperiment | null {
    const { kept = [] } = this.catalog;
    if (kept.some((one) => one.experiment === experiment.key && one.units.length > 0))
      throw new NotLocal(`"${experiment.key}" was changed, and units that keep their arm are not published`);
    const parents = this.parentsOf(experiment);
    if (parents === null) return null;
    const withheld = this.withheldBy(experiment);
    const { hashAttribute, condition } = this.membership(experiment);
    return {
      experiment,
      hashAttribute,
      layers: membershipsOf(experiment).map(({ layer, range }) => ({
        attribute: hashAttribute,
        ...this.hashingOf(layer),
        ranges: [range],
      })),
      condition,
      parents: withheld ? [...parents, withheld] : parents,
    };
  }

  private hashingOf(layer: string): Pick<GrowthBookFilter, 'seed' | 'hashVersion'> {
    const known = this.layers.get(layer);
    if (!known) throw new NotLocal(`the layer "${layer}" does not exist`);
    return { seed: known.salt, hashVersion: known.hashVersion ?? 2 };
  }

  /** Who can take part, and what is hashed for them. */
  private membership(experiment: Experiment): Pick<LocalExperiment, 'hashAttribute' | 'condition'> {
    const { unitType, clusterBy, switchback, targeting } = experiment;
    if (switchback) throw new NotLocal(`"${experiment.key}" changes arms with time`);
    const unitAttribute = this.attributeOf(unitType);
    const hashAttribute = clusterBy ? this.attributeOf(clusterBy) : unitAttribute;
    const targeted = targeting && localCondition(targeting, { unitAttribute, sources: this.sources });
    const known = [...new Set([unitAttribute, hashAttribute])].map(isKnown);
    return { hashAttribute, condition: and([...known, targeted]) };
  }

  private parentsOf({ surface, prerequisites = [] }: Experiment): GrowthBookParent[] | null {
    if (prerequisites.length === 0) return [];
    if (this.circles.has(surface)) return null;
    const parents: GrowthBookParent[] = [];
    for (const { experiment, arms } of prerequisites) {
      const there = this.catalog.experiments.find(({ key }) => key === experiment);
      if (!there || !this.catalog.surfaces.some(({ key }) => key === there.surface)) return null;
      const id = `$arms:${there.surface}`;
      this.features[id] ??= this.featureOf(there.surface, NAMES);
      parents.push({ id, condition: { value: { $in: arms.map((arm) => `${experiment}/${arm}`) } } });
    }
    return parents;
  }

  private attributeOf(unitType: string): string {
    if (unitType === REQUEST_UNIT) return UNIT_ID;
    const field = this.fields.get(unitType) ?? null;
    if (field === null) throw new NotLocal(`no attribute carries the id of a "${unitType}"`);
    if (field === UNIT_ID || field.includes('.') || field.startsWith('$'))
      throw new NotLocal(`the id of a "${unitType}" is in "${field}", which an SDK reads otherwise`);
    return field;
  }
}

const feature = (defaultValue: Json, rules: readonly GrowthBookRule[]): GrowthBookFeature =>
  rules.length > 0 ? { defaultValue, rules } : { defaultValue };

const isKnown = (attribute: string): JsonObject | null =>
  attribute === UNIT_ID ? null : { [attribute]: AN_ID };

function trackedRule(local: LocalExperiment, serving: Serving): GrowthBookRule {
  const { experiment, hashAttribute, layers, condition, parents } = local;
  return {
    id: experiment.key,
    key: experiment.key,
    name: experiment.title,
    phase: String(experiment.phase),
    seed: experiment.salt,
    hashVersion: experiment.hashVersion ?? 2,
    hashAttribute,
    filters: layers,
    coverage: experiment.traffic,
    weights: armWeights(experiment.arms),
    variations: experiment.arms.map((arm) => serving.of(experiment, arm)),
    meta: experiment.arms.map(({ key, title }) => ({ key, name: title })),
    // Assignment needs no memory here, and a remembered arm would pass by targeting and layers.
    disableStickyBucketing: true,
    ...optional(condition, parents),
  };
}

/** A value for the units of some arms. */
function armRule(local: LocalExperiment, force: Json, arms: readonly number[]): GrowthBookRule {
  const { experiment, hashAttribute, layers, condition, parents } = local;
  const { salt, hashVersion = 2 } = experiment;
  const all = splitRanges(experiment);
  const ranges = arms.flatMap((i) => (all[i] ? [all[i]] : []));
  return {
    id: experiment.key,
    force,
    filters: [...layers, { attribute: hashAttribute, seed: salt, hashVersion, ranges }],
    ...optional(condition, parents),
  };
}

/**
 * The catalogue as features that any GrowthBook SDK evaluates by itself, with the arms that `createAssignmentEngine` gives:
 * the feature is the surface, the attribute `id` is the unit, the other attributes are the context.
 * @param catalog as the engine gets it.
 * @param killSwitch every surface serves its default.
 */
export function localPayload(catalog: AssignmentCatalog, killSwitch = false): LocalPayload {
  const writer = new PayloadWriter(killSwitch ? { ...catalog, experiments: [], holdouts: [] } : catalog);
  for (const surface of catalog.surfaces) writer.add(surface);
  return { features: writer.features, remote: writer.remote };
}
