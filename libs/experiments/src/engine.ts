import { DomainError } from './errors.js';
import { BUCKETS, bucketIndex, chooseVariation, digestSalt, type BucketRange } from './hash.js';
import { realisedShares, splitRanges } from './split.js';
import { compileCondition, explainCondition, type Predicate } from './targeting.js';
import type {
  Arm,
  Assignment,
  AssignmentStep,
  Context,
  DecisionReason,
  Experiment,
  ExperimentStatus,
  Holdout,
  Layer,
  Surface,
} from './vocabulary.js';

/** Everything assignment depends on. Times play no part: equal catalogue, unit and context give an equal assignment. */
export interface AssignmentCatalog {
  /**
   * In order of priority: where several running experiments on one surface match a unit, the first wins. Pass them in
   * order of creation, so that a new experiment never takes units away from a running one.
   */
  readonly experiments: readonly Experiment[];
  readonly layers: readonly Layer[];
  readonly holdouts: readonly Holdout[];
  readonly surfaces: readonly Surface[];
}

export interface Unit {
  readonly unitId: string;
  readonly unitType: string;
}

export interface AssignmentEngine {
  /** The hot path: hashes and predicates only; `path` stays empty. The result is shared and frozen. */
  assign(unit: Unit, surface: string, context: Context): Assignment;
  /** The same answer with every step on the way, also of the experiments that do not run. */
  explain(unit: Unit, surface: string, context: Context): Assignment;
}

interface CompiledHoldout {
  readonly holdout: Holdout;
  readonly digest: number;
  readonly answer: Assignment;
}
interface CompiledExperiment {
  readonly experiment: Experiment;
  readonly layerDigest: number;
  readonly splitDigest: number;
  readonly targeting: Predicate;
  readonly ranges: readonly BucketRange[];
  /** The finished answer for each arm, made once. */
  readonly answers: readonly Assignment[];
  readonly paused: Assignment;
  readonly shipped: Assignment | null;
}
interface CompiledSurface {
  readonly holdouts: readonly CompiledHoldout[];
  /** Running and paused, first match wins. */
  readonly live: readonly CompiledExperiment[];
  /** Shipped, the latest first. */
  readonly shipped: readonly CompiledExperiment[];
  readonly idle: readonly Experiment[];
}
type Trace = AssignmentStep[] | null;

const NO_PATH: readonly AssignmentStep[] = Object.freeze([]);
const LIVE: ReadonlySet<ExperimentStatus> = new Set(['running', 'paused']);

function answer(reason: DecisionReason, parts: Partial<Assignment> = {}): Assignment {
  const nothing = { experiment: null, arm: null, armPropensity: 1, holdout: null, path: NO_PATH };
  return Object.freeze({ ...nothing, ...parts, reason });
}
const UNKNOWN_SURFACE = answer('UNKNOWN_SURFACE');

/** How far a unit came before it failed; the furthest stage of all experiments names the reason. */
const STAGES = {
  none: { depth: 0, answer: answer('NO_EXPERIMENT') },
  unitType: { depth: 1, answer: answer('NOT_ELIGIBLE') },
  layer: { depth: 2, answer: answer('EXCLUDED') },
  targeting: { depth: 3, answer: answer('NOT_ELIGIBLE') },
  traffic: { depth: 4, answer: answer('EXCLUDED') },
} as const;
type Stage = (typeof STAGES)[keyof typeof STAGES];

function compileExperiment(experiment: Experiment, layers: ReadonlyMap<string, Layer>): CompiledExperiment {
  const layer = layers.get(experiment.layer);
  if (!layer) {
    throw new DomainError(
      'unknown_layer',
      `Experiment "${experiment.key}" is in the layer "${experiment.layer}", which does not exist`,
    );
  }
  const shares = realisedShares(experiment);
  const answerFor = (arm: Arm, index: number): Assignment =>
    answer(arm.treatment.kind === 'policy' ? 'POLICY' : 'SPLIT', {
      experiment,
      arm,
      armPropensity: shares[index] ?? 0,
    });
  const shippedArm = experiment.arms.find((arm) => arm.key === experiment.shippedArm) ?? null;
  return {
    experiment,
    layerDigest: digestSalt(layer.salt),
    splitDigest: digestSalt(experiment.salt),
    targeting: compileCondition(experiment.targeting),
    ranges: splitRanges(experiment),
    answers: experiment.arms.map(answerFor),
    paused: answer('PAUSED', { experiment }),
    shipped: shippedArm && answer('SHIPPED', { experiment, arm: shippedArm }),
  };
}

function compileSurface(
  key: string,
  catalog: AssignmentCatalog,
  layers: ReadonlyMap<string, Layer>,
): CompiledSurface {
  const here = catalog.experiments.filter((experiment) => experiment.surface === key);
  const compile = (experiment: Experiment): CompiledExperiment => compileExperiment(experiment, layers);
  return {
    holdouts: catalog.holdouts
      .filter((holdout) => holdout.enabled && (holdout.surfaces === null || holdout.surfaces.includes(key)))
      .map((holdout) => ({
        holdout,
        digest: digestSalt(holdout.salt),
        answer: answer('HOLDOUT', { holdout: holdout.key }),
      })),
    live: here.filter((experiment) => LIVE.has(experiment.status)).map(compile),
    shipped: here
      .filter((experiment) => experiment.status === 'shipped')
      .reverse()
      .map(compile),
    idle: here.filter((experiment) => !LIVE.has(experiment.status) && experiment.status !== 'shipped'),
  };
}

function findHoldout(holdouts: readonly CompiledHoldout[], unit: Unit, trace: Trace): Assignment | null {
  for (const { holdout, digest, answer: held } of holdouts) {
    if (holdout.unitType !== unit.unitType) continue;
    const n = bucketIndex(digest, unit.unitId) / BUCKETS;
    const inside = n < holdout.share;
    trace?.push({
      step: 'holdout',
      experiment: null,
      passed: !inside,
      bucket: n,
      detail: `${n} is ${inside ? 'inside' : 'outside'} the holdout "${holdout.key}" [0, ${holdout.share})`,
    });
    if (inside) return held;
  }
  return null;
}

function isUnitType(compiled: CompiledExperiment, unit: Unit, trace: Trace): boolean {
  const { key, unitType } = compiled.experiment;
  const passed = unitType === unit.unitType;
  trace?.push({
    step: 'unit-type',
    experiment: key,
    passed,
    bucket: null,
    detail: `the experiment is on "${unitType}", the unit is a "${unit.unitType}"`,
  });
  return passed;
}

function inLayer(compiled: CompiledExperiment, unit: Unit, trace: Trace): boolean {
  const { key, layer, layerRange } = compiled.experiment;
  const n = bucketIndex(compiled.layerDigest, unit.unitId) / BUCKETS;
  const passed = n >= layerRange[0] && n < layerRange[1];
  trace?.push({
    step: 'layer',
    experiment: key,
    passed,
    bucket: n,
    detail: `${n} is ${passed ? 'inside' : 'outside'} the experiment's part [${layerRange.join(', ')}) of the layer "${layer}"`,
  });
  return passed;
}

function isTargeted(compiled: CompiledExperiment, context: Context, trace: Trace): boolean {
  if (!trace) return compiled.targeting(context);
  const { passed, clauses } = explainCondition(compiled.experiment.targeting, context);
  const parts = clauses.map((c) => `${c.clause}: ${c.passed ? 'yes' : 'no'} (${JSON.stringify(c.actual)})`);
  const detail = parts.length === 0 ? 'everybody is targeted' : parts.join('; ');
  trace.push({ step: 'targeting', experiment: compiled.experiment.key, passed, bucket: null, detail });
  return passed;
}

function chooseArm(compiled: CompiledExperiment, unit: Unit, trace: Trace): number {
  const n = bucketIndex(compiled.splitDigest, unit.unitId) / BUCKETS;
  const index = chooseVariation(n, compiled.ranges);
  if (!trace) return index;
  const { key, traffic, arms } = compiled.experiment;
  const range = compiled.ranges[index];
  const taking = `${n} is ${range ? 'inside' : 'outside'} the ${traffic * 100} % of traffic that takes part`;
  trace.push({ step: 'traffic', experiment: key, passed: range !== undefined, bucket: n, detail: taking });
  if (range) {
    const detail = `${n} is inside [${range.join(', ')}), which is arm "${arms[index]?.key ?? ''}"`;
    trace.push({ step: 'split', experiment: key, passed: true, bucket: n, detail });
  }
  return index;
}

function traceStatus(experiment: Experiment, trace: Trace): void {
  const passed = experiment.status === 'running' || experiment.status === 'shipped';
  trace?.push({
    step: 'status',
    experiment: experiment.key,
    passed,
    bucket: null,
    detail: `the experiment is ${experiment.status}`,
  });
}

/** The arm's answer, or the stage at which the unit failed. */
function tryLive(
  compiled: CompiledExperiment,
  unit: Unit,
  context: Context,
  trace: Trace,
): Assignment | Stage {
  traceStatus(compiled.experiment, trace);
  if (!isUnitType(compiled, unit, trace)) return STAGES.unitType;
  if (!inLayer(compiled, unit, trace)) return STAGES.layer;
  if (!isTargeted(compiled, context, trace)) return STAGES.targeting;
  const chosen = compiled.answers[chooseArm(compiled, unit, trace)];
  if (!chosen) return STAGES.traffic;
  return compiled.experiment.status === 'paused' ? compiled.paused : chosen;
}

/** A shipped arm goes to every targeted unit, whatever its layer and traffic were. */
function findShipped(
  surface: CompiledSurface,
  unit: Unit,
  context: Context,
  trace: Trace,
): Assignment | null {
  for (const compiled of surface.shipped) {
    traceStatus(compiled.experiment, trace);
    if (compiled.shipped && isUnitType(compiled, unit, trace) && isTargeted(compiled, context, trace))
      return compiled.shipped;
  }
  return null;
}

function walk(surface: CompiledSurface, unit: Unit, context: Context, trace: Trace): Assignment {
  const held = findHoldout(surface.holdouts, unit, trace);
  if (held) return held;
  let rest: Stage = STAGES.none;
  let paused: Assignment | null = null;
  for (const compiled of surface.live) {
    const result = tryLive(compiled, unit, context, trace);
    if ('depth' in result) {
      if (result.depth > rest.depth) rest = result;
      continue;
    }
    if (result.reason !== 'PAUSED') return result;
    paused = result;
    break;
  }
  return findShipped(surface, unit, context, trace) ?? paused ?? rest.answer;
}

/**
 * Compiles a catalogue into an engine; build a new one when the catalogue changes.
 *
 * For one unit on one surface: holdouts first (they get the surface's default, shipped arms included); then the running
 * experiments in the catalogue's order, each asking unit type, layer, targeting, traffic and split; then what has been
 * shipped. A paused experiment keeps its units: they get what has been shipped or the surface's default (`PAUSED`) and do
 * not wander into another experiment, so that resuming finds them as they were.
 * @throws DomainError `unknown_layer` when a live experiment names a layer that is not in the catalogue.
 */
export function createAssignmentEngine(catalog: AssignmentCatalog): AssignmentEngine {
  const layers = new Map(catalog.layers.map((layer) => [layer.key, layer]));
  const surfaces = new Map(catalog.surfaces.map(({ key }) => [key, compileSurface(key, catalog, layers)]));
  return {
    assign(unit, surface, context) {
      const compiled = surfaces.get(surface);
      return compiled ? walk(compiled, unit, context, null) : UNKNOWN_SURFACE;
    },
    explain(unit, surface, context) {
      const compiled = surfaces.get(surface);
      if (!compiled) return UNKNOWN_SURFACE;
      const path: AssignmentStep[] = [];
      const result = walk(compiled, unit, context, path);
      for (const experiment of compiled.idle) traceStatus(experiment, path);
      return { ...result, path };
    },
  };
}
