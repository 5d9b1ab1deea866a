import { setImmediate } from 'node:timers/promises';
import {
  attributesOf,
  compileCondition,
  conditionSources,
  createAssignmentEngine,
  mapSegments,
  slotUnit,
  unitFinder,
} from '#experiments';
import type {
  AssignmentCatalog,
  AssignmentEngine,
  BucketRange,
  Condition,
  Experiment,
  LayerMembership,
} from '#experiments';
import type { ReachSample, SampledRequest } from './reach-sample.js';

const DAY_MS = 86_400_000;
const ALL: BucketRange = [0, 1];
/** Who was asked for: the unit of a switchback's decision ends with its slot. */
const askedId = (unitId: string): string => slotUnit(unitId)?.id ?? unitId;
const MOST_KNOWN = 100;
/** Requests that are tried at once: the process serves others between. */
const SLICE = 500;

export type ReachStep = 'asked' | 'targeting' | 'free' | 'layer' | 'prerequisite' | 'traffic';

/** How many units a design would reach, by the requests of the past. Counts are estimates where `sample.share` is below 1. */
export interface Reach {
  readonly status: 'ok' | 'no-history' | 'too-much';
  readonly unitType: string;
  /** `days` is how many of those asked for have history: the first request is the oldest. */
  readonly window: { readonly days: number; readonly from: string | null; readonly to: string };
  readonly sample: { readonly requests: number; readonly share: number };
  /** Distinct units a day that would take part: mean, least and most of the days. */
  readonly perDay: { readonly mean: number; readonly low: number; readonly high: number } | null;
  /** Of the distinct units of the whole window, the share that would take part. */
  readonly share: number | null;
  readonly days: readonly { readonly from: string; readonly asked: number; readonly reached: number }[];
  /** Distinct units of the window that are left after each step. */
  readonly steps: readonly { readonly step: ReachStep; readonly units: number }[];
  /** Share of the requests that name no unit of this type. */
  readonly withoutUnit: number;
  /** What the targeting reads, with the share of requests that carry it. */
  readonly attributes: readonly { readonly name: string; readonly share: number }[];
  /** Attributes that requests carry, the commonest first. */
  readonly known: readonly string[];
  /** What the past cannot tell, in plain words. */
  readonly unknown: readonly string[];
}

/** A new design comes last of its surface; one that is changed keeps its place. */
function withDraft(catalog: AssignmentCatalog, draft: Experiment): AssignmentCatalog {
  const { experiments } = catalog;
  const known = experiments.some(({ key }) => key === draft.key);
  return {
    ...catalog,
    experiments: known
      ? experiments.map((one) => (one.key === draft.key ? draft : one))
      : [...experiments, draft],
  };
}

/** The design with ever more of what keeps units out: what each step takes away is the difference of two. */
function narrowing(draft: Experiment): readonly (readonly [ReachStep, Experiment])[] {
  const open = { ...draft, layerRange: ALL, otherLayers: [], prerequisites: [], traffic: 1 };
  const { layerRange, otherLayers = [], prerequisites = [] } = draft;
  const inLayers = { ...open, layerRange, otherLayers: otherLayers as LayerMembership[] };
  const met = { ...inLayers, prerequisites };
  return [
    ['free', open],
    ['layer', inLayers],
    ['prerequisite', met],
    ['traffic', draft],
  ];
}

interface Tried {
  readonly asked: Set<string>;
  readonly targeting: Set<string>;
  readonly stages: readonly {
    readonly step: ReachStep;
    readonly engine: AssignmentEngine;
    readonly units: Set<string>;
  }[];
  readonly days: Map<number, { asked: Set<string>; reached: Set<string> }>;
}

const dayOf = (to: number, at: number): number => Math.floor((to - at) / DAY_MS);

/** One request against the design: how far its unit comes. */
function tryRequest(
  tried: Tried,
  request: SampledRequest,
  draft: Experiment,
  unit: string,
  to: number,
): void {
  const { stages, days } = tried;
  const { unitId, unitType, context, at } = request;
  const day = dayOf(to, at);
  const today = days.get(day) ?? { asked: new Set(), reached: new Set() };
  days.set(day, today);
  tried.asked.add(unit);
  today.asked.add(unit);
  const own = { unitId: askedId(unitId), unitType };
  for (const { engine, units } of stages) {
    if (engine.assign(own, draft.surface, context, at).experiment?.key !== draft.key) return;
    units.add(unit);
  }
  today.reached.add(unit);
}

/** Reads its segments too. */
function allAttributes(condition: Condition | null, catalog: AssignmentCatalog): string[] {
  if (condition === null) return [];
  const sources = conditionSources(catalog);
  return attributesOf(
    mapSegments(condition, ({ segment, version }) => sources.segment(segment, version) ?? { segment }),
  );
}

function carried(requests: readonly SampledRequest[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { context } of requests)
    for (const name of Object.keys(context)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * Tries a design on past requests, with the engine that serves, and lets others be served meanwhile. Deterministic in
 * its arguments.
 * @param draft as it would run; its parts of layers are those that it would get.
 * @param sample null: the history could not be read in time.
 */
export async function reachOf(
  draft: Experiment,
  catalog: AssignmentCatalog,
  sample: ReachSample | null,
  now: number,
): Promise<Reach> {
  const requests = sample?.requests ?? [];
  const to = sample?.to ?? now;
  const finder = unitFinder(catalog.unitTypes);
  const meets = compileCondition(draft.targeting, conditionSources(catalog));
  const tried: Tried = {
    ...{ asked: new Set(), targeting: new Set(), days: new Map() },
    stages: narrowing(draft).map(([step, design]) => ({
      step,
      engine: createAssignmentEngine(withDraft(catalog, design)),
      units: new Set(),
    })),
  };
  let nameless = 0;
  for (const [i, request] of requests.entries()) {
    if (i % SLICE === SLICE - 1) await setImmediate();
    const { unitId, unitType, context } = request;
    const id = finder.idOf(draft.unitType, { unitId: askedId(unitId), unitType }, context);
    if (id === null) nameless += 1;
    else {
      if (meets(context, id)) tried.targeting.add(id);
      tryRequest(tried, request, draft, id, to);
    }
  }
  const counts = carried(requests);
  const attributes = allAttributes(draft.targeting, catalog).map((name) => ({
    name,
    share: requests.length === 0 ? 0 : (counts.get(name) ?? 0) / requests.length,
  }));
  const withoutUnit = requests.length === 0 ? 0 : nameless / requests.length;
  return {
    ...figuresOf(tried, sample, to),
    unitType: draft.unitType,
    ...{ withoutUnit, attributes },
    known: [...counts.entries()]
      .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
      .slice(0, MOST_KNOWN)
      .map(([name]) => name),
    unknown: unknownsOf(draft, attributes, withoutUnit, sample),
  };
}

type Figures = Pick<Reach, 'status' | 'window' | 'sample' | 'perDay' | 'share' | 'days' | 'steps'>;

function figuresOf(
  { asked, targeting, stages, days }: Tried,
  sample: ReachSample | null,
  to: number,
): Figures {
  const share = sample?.share ?? 1;
  const scaled = (set: ReadonlySet<string> | undefined): number => Math.round((set?.size ?? 0) / share);
  const oldest = Math.max(-1, ...days.keys());
  const perDay = Array.from({ length: oldest + 1 }, (_, i) => {
    const day = days.get(oldest - i);
    return {
      from: new Date(to - (oldest - i + 1) * DAY_MS).toISOString(),
      asked: scaled(day?.asked),
      reached: scaled(day?.reached),
    };
  });
  const reached = perDay.map((day) => day.reached);
  const some = reached.length > 0;
  const reachedInAll = new Set([...days.values()].flatMap((day) => [...day.reached]));
  return {
    status: sample === null ? 'too-much' : some ? 'ok' : 'no-history',
    window: { days: perDay.length, from: perDay[0]?.from ?? null, to: new Date(to).toISOString() },
    sample: { requests: sample?.requests.length ?? 0, share },
    perDay: some
      ? {
          mean: Math.round(reached.reduce((sum, n) => sum + n, 0) / reached.length),
          low: Math.min(...reached),
          high: Math.max(...reached),
        }
      : null,
    share: some ? reachedInAll.size / asked.size : null,
    days: perDay,
    steps: some
      ? [
          { step: 'asked', units: scaled(asked) },
          { step: 'targeting', units: scaled(targeting) },
          ...stages.map(({ step, units }) => ({ step, units: scaled(units) })),
        ]
      : [],
  };
}

const inPercent = (share: number): string =>
  share < 0.01 ? 'less than 1 %' : `${Math.round(share * 100)} %`;

function unknownsOf(
  { surface, unitType, clusterBy, switchback }: Experiment,
  attributes: Reach['attributes'],
  withoutUnit: number,
  sample: ReachSample | null,
): string[] {
  if (sample === null)
    return [`"${surface}" has more history than can be counted in time: how many it reaches is not known.`];
  if (sample.requests.length === 0)
    return [`Nobody asked for "${surface}" in these days: how many it reaches is not known.`];
  const missing = attributes.map(({ name, share }) => {
    if (share === 0)
      return `No recorded request carries "${name}": apps never sent it, or it is sensitive and kept apart. It counts as not there.`;
    return share < 0.995 ? `Only ${inPercent(share)} of the requests carry "${name}".` : null;
  });
  return [
    ...missing,
    withoutUnit > 0 ? `${inPercent(withoutUnit)} of the requests name no ${unitType}.` : null,
    clusterBy ? `Units whose requests name no ${clusterBy} are not counted.` : null,
    sample.short ? 'Only the last day was counted: there are too many requests to count more in time.' : null,
    switchback ? 'A day counts the units that switch, not their slots.' : null,
    sample.share < 1 ? `Counted over ${inPercent(sample.share)} of the units, because there are many.` : null,
  ].filter((sentence) => sentence !== null);
}
