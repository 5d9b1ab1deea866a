import {
  answer,
  compileSurface,
  forcedArm,
  linkNeeds,
  type AssignmentCatalog,
  type CompiledExperiment,
  type CompiledSurface,
  type Compiling,
} from './compiled-catalog.js';
import { BUCKETS, bucketIndex, chooseVariation, oldBucketIndex } from './hash.js';
import { findHoldout, withholds, type CompiledHoldout } from './holdouts.js';
import { conditionSources } from './saved-conditions.js';
import { explainCondition } from './targeting.js';
import { subjectOf, unitFinder, type Subject, type Unit } from './unit-types.js';
import type { Assignment, AssignmentStep, Context, Experiment } from './vocabulary.js';

export type { AssignmentCatalog };

export interface AssignmentEngine {
  /**
   * The hot path: hashes and predicates only; `path` stays empty. The result is shared and frozen.
   * @param at Unix milliseconds; only switchbacks look at it.
   */
  assign(unit: Unit, surface: string, context: Context, at?: number): Assignment;
  /** The same answer with every step on the way, also of the experiments that do not run. */
  explain(unit: Unit, surface: string, context: Context, at?: number): Assignment;
  /** An arm for a tester, whatever layer, targeting and traffic say; null where the surface has no such experiment or arm. */
  force(surface: string, experiment: string, arm: string): Assignment | null;
}

interface Asked {
  readonly unit: Unit;
  readonly context: Context;
  readonly at: number;
}
type Trace = AssignmentStep[] | null;
const UNKNOWN_SURFACE = answer('UNKNOWN_SURFACE');

/** How far a unit came before it failed; the furthest stage of all experiments names the reason. */
const STAGES = {
  none: { depth: 0, answer: answer('NO_EXPERIMENT') },
  unitType: { depth: 1, answer: answer('NOT_ELIGIBLE') },
  layer: { depth: 2, answer: answer('EXCLUDED') },
  targeting: { depth: 3, answer: answer('NOT_ELIGIBLE') },
  prerequisite: { depth: 4, answer: answer('NOT_ELIGIBLE') },
  traffic: { depth: 5, answer: answer('EXCLUDED') },
} as const;
type Stage = (typeof STAGES)[keyof typeof STAGES];

/** Who takes part, and what is hashed for them; null where the request does not know the unit. */
function findSubject(compiled: CompiledExperiment, asked: Asked, trace: Trace): Subject | null {
  const { experiment, finder } = compiled;
  const { unit, context, at } = asked;
  const subject = subjectOf(experiment, finder, unit, context, at);
  if (!trace) return subject;
  const { key, unitType, clusterBy } = experiment;
  const found = subject === null ? 'the request names none' : `the unit is "${subject.unit.unitId}"`;
  const cluster = clusterBy && subject ? `, assigned with the ${clusterBy} "${subject.hashed}"` : '';
  const detail =
    unitType === unit.unitType
      ? `the experiment is on "${unitType}", the unit is a "${unit.unitType}"${cluster}`
      : `the experiment is on "${unitType}", the request is for a "${unit.unitType}": ${found}${cluster}`;
  trace.push({ step: 'unit-type', experiment: key, passed: subject !== null, bucket: null, detail });
  return subject;
}

function inLayers({ experiment, memberships }: CompiledExperiment, hashed: string, trace: Trace): boolean {
  for (let i = 0; i < memberships.length; i++) {
    const membership = memberships[i] as (typeof memberships)[number];
    const { oldSalt } = membership;
    const index = oldSalt === null ? bucketIndex(membership.digest, hashed) : oldBucketIndex(oldSalt, hashed);
    const passed = index >= membership.from && index < membership.to;
    if (trace) {
      const { layer, range } = membership;
      const n = index / BUCKETS;
      const detail = `${n} is ${passed ? 'inside' : 'outside'} the experiment's part [${range.join(', ')}) of the layer "${layer}"`;
      trace.push({ step: 'layer', experiment: experiment.key, passed, bucket: n, detail });
    }
    if (!passed) return false;
  }
  return true;
}

function isTargeted(compiled: CompiledExperiment, context: Context, unitId: string, trace: Trace): boolean {
  if (!trace) return compiled.targeting(context, unitId);
  const { experiment, sources } = compiled;
  const { passed, clauses } = explainCondition(experiment.targeting, context, unitId, sources);
  const parts = clauses.map((c) => `${c.clause}: ${c.passed ? 'yes' : 'no'} (${JSON.stringify(c.actual)})`);
  const detail = parts.length === 0 ? 'everybody is targeted' : parts.join('; ');
  trace.push({ step: 'targeting', experiment: experiment.key, passed, bucket: null, detail });
  return passed;
}

/** Whether the unit is in the arms of other experiments that this one asks for, as they would be served now. */
function meetsNeeds({ needs, experiment }: CompiledExperiment, asked: Asked, trace: Trace): boolean {
  const tell = (passed: boolean, detail: string): boolean => {
    trace?.push({ step: 'prerequisite', experiment: experiment.key, passed, bucket: null, detail });
    return passed;
  };
  if (needs === null)
    return tell(
      false,
      'a prerequisite names an experiment that does not run, or one that asks about this surface',
    );
  return needs.every(({ surface, experiment: key, arms }) => {
    const { experiment: there, arm: served, reason } = walk(surface, asked, null);
    // What all get during a pause is nobody's own arm.
    const arm = reason === 'PAUSED' ? null : served;
    const wanted = `arm ${arms.map((one) => `"${one}"`).join(' or ')} of "${key}" is asked for`;
    const found = there && arm ? `arm "${arm.key}" of "${there.key}"` : 'no arm';
    return tell(
      there?.key === key && arms.includes(arm?.key ?? ''),
      `${wanted}; the unit is in ${found} there`,
    );
  });
}

function chooseArm(compiled: CompiledExperiment, hashed: string, trace: Trace): number {
  const { oldSalt } = compiled;
  const hit = oldSalt === null ? bucketIndex(compiled.splitDigest, hashed) : oldBucketIndex(oldSalt, hashed);
  const index = chooseVariation(hit, compiled.bounds);
  if (!trace) return index;
  const n = hit / BUCKETS;
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

function traceStatus(experiment: Experiment, trace: AssignmentStep[]): void {
  const passed = experiment.status === 'running' || experiment.status === 'shipped';
  trace.push({
    step: 'status',
    experiment: experiment.key,
    passed,
    bucket: null,
    detail: `the experiment is ${experiment.status}`,
  });
}

/** The arm's answer, or the stage at which the unit failed. */
function tryLive(compiled: CompiledExperiment, asked: Asked, trace: Trace): Assignment | Stage {
  const { experiment, plain } = compiled;
  if (trace) traceStatus(experiment, trace);
  // The hot path: nothing to look for.
  if (plain && experiment.unitType === asked.unit.unitType && !trace)
    return tryUnit(compiled, asked, asked.unit.unitId, asked.unit.unitId, trace);
  const subject = findSubject(compiled, asked, trace);
  if (subject === null) return STAGES.unitType;
  const { unit } = subject;
  const result = tryUnit(compiled, asked, subject.hashed, unit.unitId, trace);
  const isOwn = unit.unitId === asked.unit.unitId && unit.unitType === asked.unit.unitType;
  return 'depth' in result || isOwn ? result : { ...result, unit };
}

function notEligible(
  compiled: CompiledExperiment,
  asked: Asked,
  hashed: string,
  unitId: string,
  trace: Trace,
): Stage | null {
  if (!inLayers(compiled, hashed, trace)) return STAGES.layer;
  if (!isTargeted(compiled, asked.context, unitId, trace)) return STAGES.targeting;
  const { prerequisites } = compiled.experiment;
  return prerequisites?.length && !meetsNeeds(compiled, asked, trace) ? STAGES.prerequisite : null;
}

/** @param hashed what is hashed for the unit: its own id, or its cluster's. */
function tryUnit(
  compiled: CompiledExperiment,
  asked: Asked,
  hashed: string,
  unitId: string,
  trace: Trace,
): Assignment | Stage {
  const { experiment, kept } = compiled;
  const keeps = kept?.find(hashed, trace);
  const failed = keeps ? null : notEligible(compiled, asked, hashed, unitId, trace);
  if (failed) return failed;
  const chosen = keeps ?? compiled.answers[chooseArm(compiled, hashed, trace)];
  if (!chosen) return STAGES.traffic;
  return experiment.status === 'paused' ? compiled.paused : chosen;
}

/** A shipped arm goes to every targeted unit, whatever its layer and traffic were. */
function findShipped(shipped: readonly CompiledExperiment[], asked: Asked, trace: Trace): Assignment | null {
  for (const compiled of shipped) {
    if (trace) traceStatus(compiled.experiment, trace);
    if (!compiled.shipped) continue;
    const subject = findSubject(compiled, asked, trace);
    if (subject && isTargeted(compiled, asked.context, subject.unit.unitId, trace)) return compiled.shipped;
  }
  return null;
}

function heldBy({ holdouts, finder }: CompiledSurface, asked: Asked, trace: Trace): CompiledHoldout | null {
  const idOf = (unitType: string): string | null => finder.idOf(unitType, asked.unit, asked.context);
  return findHoldout(holdouts, idOf, asked, trace);
}

function walk(surface: CompiledSurface, asked: Asked, trace: Trace): Assignment {
  const held = surface.holdouts.length === 0 ? null : heldBy(surface, asked, trace);
  if (!held) return walkExperiments(surface.live, surface.shipped, asked, trace);
  if (held.tags === null) return held.answer;
  const open = ({ experiment }: CompiledExperiment): boolean => !withholds(held, experiment, trace);
  const live = surface.live.filter(open);
  const shipped = surface.shipped.filter(open);
  const result = walkExperiments(live, shipped, asked, trace);
  const withheld = live.length < surface.live.length || shipped.length < surface.shipped.length;
  // Marked also where another experiment serves it, so that both sides of the holdout are counted alike.
  return result.arm === null && withheld ? held.answer : { ...result, holdout: held.answer.holdout };
}

function walkExperiments(
  live: readonly CompiledExperiment[],
  shipped: readonly CompiledExperiment[],
  asked: Asked,
  trace: Trace,
): Assignment {
  let rest: Stage = STAGES.none;
  let paused: Assignment | null = null;
  for (const compiled of live) {
    const result = tryLive(compiled, asked, trace);
    if ('depth' in result) {
      if (result.depth > rest.depth) rest = result;
      continue;
    }
    if (result.reason !== 'PAUSED') return result;
    paused = result;
    break;
  }
  // An arm named for the pause goes before what was shipped earlier: the experiment may have begun from there.
  if (paused?.arm) return paused;
  return findShipped(shipped, asked, trace) ?? paused ?? rest.answer;
}

/**
 * Compiles a catalogue into an engine; build a new one when the catalogue changes.
 *
 * For one unit on one surface: holdouts first (they get the surface's default, shipped arms included; a holdout with tags
 * only takes the experiments that carry one of them out of what follows); then the running experiments in the catalogue's order, each asking unit type, layer, targeting, traffic and split; then what has been
 * shipped. A paused experiment keeps its units: they get the arm named for the pause, what has been shipped or the surface's default (`PAUSED`) and do
 * not wander into another experiment, so that resuming finds them as they were.
 * @throws DomainError `unknown_layer` when a live experiment names a layer that is not in the catalogue;
 * `unknown_segment` | `unknown_unit_list` likewise.
 */
export function createAssignmentEngine(catalog: AssignmentCatalog): AssignmentEngine {
  const layers = new Map(catalog.layers.map((layer) => [layer.key, layer]));
  const finder = unitFinder(catalog.unitTypes);
  const compiling: Compiling = { catalog, layers, finder, sources: conditionSources(catalog) };
  const surfaces = new Map(catalog.surfaces.map(({ key }) => [key, compileSurface(key, compiling)]));
  linkNeeds(catalog, surfaces);
  return {
    assign(unit, surface, context, at = 0) {
      const compiled = surfaces.get(surface);
      return compiled ? walk(compiled, { unit, context, at }, null) : UNKNOWN_SURFACE;
    },
    explain(unit, surface, context, at = 0) {
      const compiled = surfaces.get(surface);
      if (!compiled) return UNKNOWN_SURFACE;
      const path: AssignmentStep[] = [];
      const result = walk(compiled, { unit, context, at }, path);
      for (const experiment of compiled.idle) traceStatus(experiment, path);
      return { ...result, path };
    },
    force: (surface, experiment, arm) => forcedArm(catalog, surface, experiment, arm),
  };
}
