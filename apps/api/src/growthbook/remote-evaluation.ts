import { Inject, Injectable } from '@nestjs/common';
import { UNIT_ID, armWeights } from '#experiments';
import type { Context, ContextValue, Experiment, Json } from '#experiments';
import { Problem } from '../http/problem.js';
import { ExperimentCatalog } from '../serving/experiment-catalog.js';
import { FlagService } from '../serving/flag-service.js';
import type { Flag } from '../serving/flag-service.js';

const MOST_CHARACTERS = 512;
const MOST_ENTRIES = 64;

export interface Feature {
  readonly defaultValue: Json;
  readonly rules?: readonly Json[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isShort = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MOST_CHARACTERS;

function isContextValue(value: unknown): value is ContextValue {
  if (value === null || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.length <= MOST_CHARACTERS;
  return Array.isArray(value) && value.length <= MOST_ENTRIES && value.every(isShort);
}

/** Attribute with the token of a tester, which forces arms; the same name as in OFREP's context. */
const TESTER = '$tester';

/** An SDK sends whatever it knows, addresses and nested objects too: what a context cannot hold is left out. */
function contextOf(attributes: Readonly<Record<string, unknown>>): Context {
  const kept = Object.entries(attributes).filter(
    (entry): entry is [string, ContextValue] =>
      entry[0] !== UNIT_ID && entry[0] !== TESTER && isContextValue(entry[1]),
  );
  return Object.fromEntries(kept);
}

/** Answers a remote evaluation of GrowthBook's protocol: every feature as a `force` rule that tracks the exposure. */
@Injectable()
export class RemoteEvaluation {
  constructor(
    @Inject(FlagService) private readonly flags: FlagService,
    @Inject(ExperimentCatalog) private readonly catalog: ExperimentCatalog,
  ) {}

  /**
   * @param body `{attributes, forcedVariations, forcedFeatures, url}`. What is forced is the developer's own doing: it is
   *   answered as asked, and no decision is made.
   * @throws Problem 400.
   */
  async evaluate(body: unknown): Promise<Readonly<Record<string, Feature>>> {
    if (!isObject(body) || !isObject(body['attributes']))
      throw Problem.invalid('/attributes', 'invalid_type', 'must be an object');
    const { attributes } = body;
    const id = attributes[UNIT_ID];
    const unitId = typeof id === 'number' ? String(id) : id;
    if (typeof unitId !== 'string' || unitId === '')
      throw Problem.invalid('/attributes/id', 'invalid_id', 'must be the id of the unit, a text');
    const forced = this.forcedBy(body);
    const wanted = [...this.catalog.current.surfaces.keys()].filter((key) => !forced.has(key));
    const tester = attributes[TESTER];
    const asked = { unitId, context: contextOf(attributes), ...(tester === undefined ? {} : { tester }) };
    const flags = await this.flags.evaluateAll(asked, new Set(wanted));
    const features = new Map<string, Feature>();
    for (const flag of flags) features.set(flag.key, this.featureOf(flag, unitId));
    for (const [key, value] of forced) features.set(key, { defaultValue: value });
    return Object.fromEntries(features);
  }

  private forcedBy({
    forcedFeatures,
    forcedVariations,
  }: Readonly<Record<string, unknown>>): Map<string, Json> {
    return new Map([
      ...this.variationsOf(isObject(forcedVariations) ? forcedVariations : {}),
      ...this.valuesOf(Array.isArray(forcedFeatures) ? forcedFeatures : []),
    ]);
  }

  /** `{experiment: index of an arm}`; what a policy would choose cannot be forced. */
  private variationsOf(forced: Readonly<Record<string, unknown>>): [string, Json][] {
    const { experiments } = this.catalog.current.config;
    return Object.entries(forced).flatMap(([key, index]): [string, Json][] => {
      const experiment = experiments.find((one) => one.key === key && one.status === 'running');
      const treatment = experiment?.arms[Number(index)]?.treatment;
      return experiment && treatment?.kind === 'value' ? [[experiment.surface, treatment.value]] : [];
    });
  }

  /** `[surface, value]` each. */
  private valuesOf(forced: readonly unknown[]): [string, Json][] {
    const { surfaces } = this.catalog.current;
    return forced.flatMap((pair): [string, Json][] => {
      if (!Array.isArray(pair) || typeof pair[0] !== 'string' || !surfaces.has(pair[0])) return [];
      return [[pair[0], (pair[1] ?? null) as Json]];
    });
  }

  private featureOf({ key, value = null, treatment }: Flag, unitId: string): Feature {
    // What a tester forced is nothing to track.
    if (treatment.reason === 'FORCED') return { defaultValue: value };
    const surface = this.catalog.current.surfaces.get(key);
    const defaultValue = surface?.defaultValue ?? null;
    const experiment = this.catalog.current.config.experiments.find(
      (one) => one.key === treatment.experiment,
    );
    const index = experiment?.arms.findIndex((arm) => arm.key === treatment.arm) ?? -1;
    if (!experiment || index < 0) return { defaultValue: value };
    const { decisionId, propensity, policy } = treatment;
    const result = {
      key: treatment.arm,
      featureId: key,
      inExperiment: true,
      hashUsed: true,
      variationId: index,
      value,
      hashAttribute: UNIT_ID,
      hashValue: unitId,
      stickyBucketUsed: false,
      variationWeights: armWeights(experiment.arms),
      ...(policy === null ? {} : { banditVersion: policy.version }),
      // For the tracking callback, which says with them what was seen.
      decisionId,
      propensity,
    };
    const tracks: Json = [{ experiment: told(experiment), result }];
    return { defaultValue, rules: [{ id: experiment.key, force: value, tracks }] };
  }
}

const told = ({ key, title, phase, arms }: Experiment): Json => ({
  key,
  name: title,
  phase: String(phase),
  variations: arms.map((arm) => arm.key),
  meta: arms.map((arm) => ({ key: arm.key, name: arm.title })),
});
