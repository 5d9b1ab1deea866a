import { DomainError } from './errors.js';
import { bucketBounds, digestSalt, type BucketRange } from './hash.js';
import { compileHoldouts, type CompiledHoldout } from './holdouts.js';
import { compileKept, type KeptAnswers, type KeptUnits } from './kept.js';
import { membershipsOf } from './layers.js';
import { surfacesInCircles } from './prerequisites.js';
import type { SavedConditions } from './saved-conditions.js';
import { realisedShares, splitRanges } from './split.js';
import { compileCondition, type ConditionSources, type Predicate } from './targeting.js';
import { isPlain, type UnitFinder, type UnitType } from './unit-types.js';
import type {
  Arm,
  Assignment,
  AssignmentStep,
  DecisionReason,
  Experiment,
  ExperimentStatus,
  Holdout,
  Layer,
  LayerMembership,
  Surface,
} from './vocabulary.js';

/**
 * Everything assignment depends on. Times play no part but in switchbacks: equal catalogue, unit and context give an
 * equal assignment.
 */
export interface AssignmentCatalog extends SavedConditions {
  /**
   * In order of priority: where several running experiments on one surface match a unit, the first wins. Pass them in
   * order of creation, so that a new experiment never takes units away from a running one.
   */
  readonly experiments: readonly Experiment[];
  readonly layers: readonly Layer[];
  readonly holdouts: readonly Holdout[];
  readonly surfaces: readonly Surface[];
  /** Absent: the built-in ones. */
  readonly unitTypes?: readonly UnitType[];
  /** Units that keep an arm which the allocation no longer gives them; absent: none. */
  readonly kept?: readonly KeptUnits[];
}

interface CompiledMembership extends LayerMembership {
  readonly digest: number;
  /** The salt where it is hashed with version 1; null: version 2. */
  readonly oldSalt: string | null;
  /** Of the range, as whole buckets. */
  readonly from: number;
  readonly to: number;
}
export interface CompiledExperiment {
  readonly experiment: Experiment;
  /** The request's own unit is hashed as it is, where its type is the experiment's. */
  readonly plain: boolean;
  readonly finder: UnitFinder;
  readonly sources: ConditionSources;
  /** Linked when all surfaces are compiled; null where one can never be met. */
  needs: readonly Need[] | null;
  readonly memberships: readonly CompiledMembership[];
  readonly splitDigest: number;
  /** As of a membership. */
  readonly oldSalt: string | null;
  readonly targeting: Predicate;
  readonly ranges: readonly BucketRange[];
  /** The same as whole buckets. */
  readonly bounds: readonly BucketRange[];
  /** The finished answer for each arm, made once. */
  readonly answers: readonly Assignment[];
  readonly paused: Assignment;
  readonly shipped: Assignment | null;
  /** Null where nobody keeps an arm. */
  readonly kept: KeptAnswers | null;
}
export interface CompiledSurface {
  readonly finder: UnitFinder;
  readonly holdouts: readonly CompiledHoldout[];
  /** Running and paused, first match wins. */
  readonly live: readonly CompiledExperiment[];
  /** Shipped, the latest first. */
  readonly shipped: readonly CompiledExperiment[];
  readonly idle: readonly Experiment[];
}
/** Arms of an experiment on another surface, one of which a unit must be in. */
export interface Need {
  readonly surface: CompiledSurface;
  readonly experiment: string;
  readonly arms: readonly string[];
}
export interface Compiling {
  readonly catalog: AssignmentCatalog;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly finder: UnitFinder;
  readonly sources: ConditionSources;
}

const NO_PATH: readonly AssignmentStep[] = Object.freeze([]);
const LIVE: ReadonlySet<ExperimentStatus> = new Set(['running', 'paused']);

export function answer(reason: DecisionReason, parts: Partial<Assignment> = {}): Assignment {
  const nothing = { experiment: null, arm: null, armPropensity: 1, holdout: null, path: NO_PATH };
  return Object.freeze({ ...nothing, ...parts, reason });
}

const oldSaltOf = ({ salt, hashVersion }: Pick<Layer, 'salt' | 'hashVersion'>): string | null =>
  hashVersion === 1 ? salt : null;

function compileMembership(
  experiment: Experiment,
  membership: LayerMembership,
  layers: ReadonlyMap<string, Layer>,
): CompiledMembership {
  const layer = layers.get(membership.layer);
  const [from, to] = bucketBounds(membership.range);
  if (layer) return { ...membership, digest: digestSalt(layer.salt), oldSalt: oldSaltOf(layer), from, to };
  throw new DomainError(
    'unknown_layer',
    `Experiment "${experiment.key}" is in the layer "${membership.layer}", which does not exist`,
  );
}

function compileExperiment(
  experiment: Experiment,
  { catalog, layers, finder, sources }: Compiling,
): CompiledExperiment {
  const shares = realisedShares(experiment);
  const ranges = splitRanges(experiment);
  const answerFor = (arm: Arm, armPropensity: number): Assignment =>
    answer(arm.treatment.kind === 'policy' ? 'POLICY' : 'SPLIT', { experiment, arm, armPropensity });
  const armOf = (key: string | null): Arm | null => experiment.arms.find((arm) => arm.key === key) ?? null;
  const shippedArm = armOf(experiment.shippedArm);
  return {
    experiment,
    plain: isPlain(experiment),
    finder,
    sources,
    needs: [],
    memberships: membershipsOf(experiment).map((one) => compileMembership(experiment, one, layers)),
    splitDigest: digestSalt(experiment.salt),
    oldSalt: oldSaltOf(experiment),
    targeting: compileCondition(experiment.targeting, sources),
    ranges,
    bounds: ranges.map(bucketBounds),
    answers: experiment.arms.map((arm, index) => answerFor(arm, shares[index] ?? 0)),
    paused: answer('PAUSED', { experiment, arm: armOf(experiment.pausedArm ?? null) }),
    shipped: shippedArm && answer('SHIPPED', { experiment, arm: shippedArm }),
    kept: compileKept(experiment, catalog.kept ?? [], answerFor),
  };
}

export function compileSurface(key: string, compiling: Compiling): CompiledSurface {
  const { catalog } = compiling;
  const here = catalog.experiments.filter((experiment) => experiment.surface === key);
  const compile = (experiment: Experiment): CompiledExperiment => compileExperiment(experiment, compiling);
  return {
    finder: compiling.finder,
    holdouts: compileHoldouts(catalog.holdouts, key, compiling.sources, (holdout) =>
      answer('HOLDOUT', { holdout }),
    ),
    live: here.filter((experiment) => LIVE.has(experiment.status)).map(compile),
    shipped: here
      .filter((experiment) => experiment.status === 'shipped')
      .reverse()
      .map(compile),
    idle: here.filter((experiment) => !LIVE.has(experiment.status) && experiment.status !== 'shipped'),
  };
}

/** Gives every experiment the surfaces that it asks about; surfaces in a circle are never met. */
export function linkNeeds(catalog: AssignmentCatalog, surfaces: ReadonlyMap<string, CompiledSurface>): void {
  const surfaceOf = new Map(catalog.experiments.map(({ key, surface }) => [key, surface]));
  const inCircle = surfacesInCircles(catalog.experiments);
  for (const { live } of surfaces.values()) {
    for (const compiled of live) {
      const { surface: here, prerequisites = [] } = compiled.experiment;
      const needs = prerequisites.flatMap(({ experiment, arms }): Need[] => {
        const there = surfaces.get(surfaceOf.get(experiment) ?? '');
        return there ? [{ surface: there, experiment, arms }] : [];
      });
      const possible = needs.length === prerequisites.length && !(needs.length > 0 && inCircle.has(here));
      compiled.needs = possible ? needs : null;
    }
  }
}

export function forcedArm(
  catalog: AssignmentCatalog,
  surface: string,
  key: string,
  armKey: string,
): Assignment | null {
  const experiment = catalog.experiments.find((one) => one.key === key && one.surface === surface);
  const arm = experiment?.arms.find((one) => one.key === armKey);
  return experiment && arm ? answer('FORCED', { experiment, arm }) : null;
}
