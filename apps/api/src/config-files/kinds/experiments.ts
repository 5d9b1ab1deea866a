import {
  BUCKETS,
  defaultSalt,
  layerShare,
  mapSegments,
  realisedShares,
  realisedTraffic,
  segmentsOf,
  unitMoves,
} from '#experiments';
import type { Condition } from '#experiments';
import { readManaged } from '../../access/managed.js';
import { ExperimentStore } from '../../experiments/experiment-store.js';
import { experimentFromRow } from '../../experiments/experiment.mapper.js';
import type { StoredExperiment } from '../../experiments/experiment.mapper.js';
import type { CreateExperiment, PatchExperiment } from '../../experiments/experiment.schemas.js';
import { ExperimentsService } from '../../experiments/experiments.service.js';
import type { ChangePreview } from '../../experiments/preview-change.js';
import { Problem } from '../../http/problem.js';
import { ExperimentEntity } from '../../persistence/entities/index.js';
import type { Sql } from '../../persistence/database.js';
import { anyKind, sameJson, specOf, wantedKeys } from './kind.js';
import type { Allocation, Effect, Run, Stored, TrafficEffect } from './kind.js';
import { NO_PARTS, PART_SCHEMAS, experimentFileSchema } from './part-schemas.js';
import type { ExperimentFile, GuardrailsPart, RunParts, SchedulePart } from './part-schemas.js';
import { isRunPart, readParts, writeParts } from './parts.js';

const LIVE: ReadonlySet<string> = new Set(['running', 'paused']);

const ENDED: ReadonlySet<string> = new Set(['stopped', 'shipped', 'archived']);

/** What a file says of an experiment, with everything that it may leave out. */
type ExperimentSpec = ExperimentFile & RunParts;

interface ExperimentState {
  readonly version: number;
  readonly status: string;
  readonly started: boolean;
}

const stateOf = ({ state }: Stored<ExperimentFile>): ExperimentState => state as unknown as ExperimentState;

/** What is still to come of a plan: a start that has been says nothing, and nothing comes after the end. */
function toCome(schedule: SchedulePart, { status, started }: Pick<ExperimentState, 'status' | 'started'>) {
  if (ENDED.has(status)) return NO_PARTS.schedule;
  return started ? { ...schedule, startAt: null } : schedule;
}

/** A rule outlives the guardrail that it was for, and says nothing: no file could be applied that has it. */
const ofItsOwn = (plan: GuardrailsPart, guardrailMetrics: readonly string[]): GuardrailsPart => ({
  ...plan,
  metrics: Object.fromEntries(
    Object.entries(plan.metrics).filter(([metric]) => guardrailMetrics.includes(metric)),
  ),
});

function storedOf(
  experiment: StoredExperiment,
  { schedule, guardrails, assignmentRules }: RunParts,
  told: Stored['told'] = [],
): Stored<ExperimentSpec> {
  const { version, status, startedAt } = experiment;
  const state: ExperimentState = { version, status, started: startedAt !== null };
  const { layerRange, ...rest } = specOf(experimentFileSchema, experiment);
  const spec = {
    ...rest,
    ...{ assignmentRules, guardrails: ofItsOwn(guardrails, rest.guardrailMetrics) },
    schedule: toCome(schedule, state),
  };
  // A draft in a full layer has no part of it: it gets one when it is started.
  const isNothing = layerRange !== undefined && layerRange[0] === layerRange[1];
  return {
    key: experiment.key,
    spec: layerRange === undefined || isNothing ? spec : { ...spec, layerRange },
    state: { ...state },
    told,
  };
}

/** Live with a ramp, and still with one after the change: the ramp says how much traffic it has. */
const isRamped = (stored: Stored<ExperimentFile>, wanted: SchedulePart | undefined): boolean =>
  LIVE.has(stateOf(stored).status) &&
  (stored.spec.schedule?.ramp.length ?? 0) > 0 &&
  (wanted ?? stored.spec.schedule)?.ramp.length !== 0;

/** Segments that a start has pinned stay pinned as they are, as long as the file asks for the latest. */
function keepPins(wanted: Condition | null, stored: Condition | null): Condition | null {
  if (wanted === null || stored === null) return wanted;
  const pins = new Map(segmentsOf(stored).map(({ segment, version }) => [segment, version]));
  return mapSegments(wanted, (node) => {
    const version = node.version ?? pins.get(node.segment);
    return version === undefined ? { segment: node.segment } : { segment: node.segment, version };
  });
}

type Range = readonly [from: number, to: number];

/** The part of a layer that is there already, grown or cut to the share where the file says another one. */
function rangeFor(share: number | undefined, [from, to]: Range): [number, number] {
  const edge = (value: number): number => Math.round(value * BUCKETS) / BUCKETS;
  if (share === undefined || edge(share) === edge(to - from)) return [from, to];
  return from + share <= 1 ? [from, edge(from + share)] : [edge(1 - share), 1];
}

/** A further layer that the file names without a range keeps the one it has. */
function keepRanges(
  wanted: CreateExperiment['otherLayers'],
  stored: CreateExperiment['otherLayers'] = [],
): CreateExperiment['otherLayers'] {
  return wanted.map((given) => {
    const known = stored.find(({ layer }) => layer === given.layer);
    if (!known?.range || given.range !== undefined) return given;
    return { layer: given.layer, range: rangeFor(given.share, known.range) };
  });
}

/** Dealing units anew gives an experiment another one, which a file that names none leaves as it is. */
const saltFor = ({ key, salt }: CreateExperiment, stored: CreateExperiment | null): string =>
  salt ?? stored?.salt ?? defaultSalt.experiment(key);

const allocationOf = (experiment: StoredExperiment): Allocation => {
  const shares = realisedShares(experiment);
  return {
    share: layerShare(experiment) * (experiment.arms.length > 0 ? realisedTraffic(experiment) : 0),
    arms: experiment.arms.map(({ key }, i) => ({ key, share: shares[i] ?? 0 })),
  };
};

/** @throws Problem 409 with everything that cannot change, and why. */
function refuseBlocked(key: string, { possible, fields }: ChangePreview): void {
  if (possible) return;
  const errors = fields
    .filter(({ kind }) => kind === 'blocked')
    .map(({ pointer, prose }) => ({ pointer, code: 'immutable_field', message: prose }));
  throw new Problem(409, 'immutable_field', `"${key}" cannot change so`, errors);
}

async function changeExperiment(
  run: Run,
  stored: Stored<ExperimentFile>,
  spec: ExperimentFile,
  fields: readonly string[],
): Promise<Effect> {
  if (fields.includes('hashVersion')) {
    const message = 'never changes: units would be hashed otherwise';
    throw new Problem(409, 'immutable_field', `The hash version of "${spec.key}" ${message}`, [
      { pointer: '/hashVersion', code: 'immutable_field', message },
    ]);
  }
  const design = fields.filter((field) => !isRunPart(field));
  const effect = design.length > 0 ? await changeDesign(run, stored, spec, design) : { prose: [] };
  const parts = await writeParts(run, spec.key, partsOf(spec), partsOf(stored.spec));
  return { ...effect, prose: [...effect.prose, ...parts] };
}

async function changeDesign(
  run: Run,
  stored: Stored<ExperimentFile>,
  spec: ExperimentFile,
  fields: readonly string[],
): Promise<Effect> {
  const { db, tx, acting, overrideGate, existing } = run;
  const store = new ExperimentStore(db);
  const service = new ExperimentsService(db, store);
  const given = Object.fromEntries(
    Object.entries(spec).filter(([field]) => fields.includes(field) && field !== 'layerShare'),
  );
  const patch: PatchExperiment = { ...given, existing };
  const preview = await service.preview(spec.key, patch, acting);
  refuseBlocked(spec.key, preview);
  const before = await store.lock(tx, spec.key);
  await service.patchIn(tx, before, { ...patch, ...(overrideGate ? { overrideGate } : {}) }, acting);
  const after = await store.lock(tx, spec.key);
  const live = LIVE.has(stateOf(stored).status);
  return {
    prose: proseOf(preview, live),
    ...(live ? { traffic: trafficOf(before, after, preview) } : {}),
  };
}

function proseOf({ fields, newPhase }: ChangePreview, live: boolean): string[] {
  if (!live) return ['It takes no units: nobody is touched.'];
  const told = fields
    .filter(({ kind }) => kind !== 'nothing')
    .map(({ field, prose }) => `${field}: ${prose}`);
  return told.length > 0 || newPhase ? told : ['Touches no unit: who gets what stays as it is.'];
}

function trafficOf(
  before: StoredExperiment,
  after: StoredExperiment,
  { units, reach }: ChangePreview,
): TrafficEffect {
  return {
    before: allocationOf(before),
    after: allocationOf(after),
    moves: reach === null && units.touched !== null ? unitMoves(before, after) : null,
    units: { inIt: units.inIt, touched: units.touched },
  };
}

const partsOf = ({ schedule, guardrails, assignmentRules }: ExperimentFile): RunParts => ({
  schedule: schedule ?? NO_PARTS.schedule,
  guardrails: guardrails ?? NO_PARTS.guardrails,
  assignmentRules: assignmentRules ?? NO_PARTS.assignmentRules,
});

/** What files say of how experiments are run, for an export. */
async function readTold(tx: Sql): Promise<ReadonlyMap<string, Stored['told']>> {
  const managed = await readManaged(tx, 'experiment');
  return new Map(managed.map(({ key, parts }) => [key, parts]));
}

/** Designs, and how they are run by themselves. What people do to them by hand stands in no file. */
export const experiments = anyKind<ExperimentFile>({
  kind: 'experiment',
  list: 'experiments',
  schema: experimentFileSchema,
  parts: PART_SCHEMAS,
  keyOf: ({ key }) => key,
  needs: ({ prerequisites }) => prerequisites.map(({ experiment }) => experiment),
  async read({ tx }, keys) {
    const rows = tx.manager.createQueryBuilder(ExperimentEntity, 'e').orderBy('e.key');
    if (keys === null) rows.where(`e.status <> 'archived'`);
    else rows.where('e.key = any(:keys)', { keys: wantedKeys(keys) }).setLock('pessimistic_write');
    const found = await rows.getMany();
    const parts = await readParts(tx, wantedKeys(keys));
    const told = await readTold(tx);
    return found.map((row) => storedOf(experimentFromRow(row), parts(row.key), told.get(row.key)));
  },
  settle(wanted, stored) {
    const { layerShare, layerRange, ...rest } = wanted;
    const range = layerRange ?? (stored?.layerRange && rangeFor(layerShare, stored.layerRange));
    return {
      ...rest,
      ...partsOf({ ...stored, ...wanted }),
      salt: saltFor(wanted, stored),
      targeting: keepPins(wanted.targeting, stored?.targeting ?? null),
      arms: wanted.arms.map((arm) => ({ ...arm, title: arm.title || arm.key })),
      otherLayers: keepRanges(wanted.otherLayers, stored?.otherLayers),
      ...(range ? { layerRange: range } : {}),
      ...(stored || layerShare === undefined ? {} : { layerShare }),
    };
  },
  held(settled, stored) {
    const { schedule } = partsOf(settled);
    return {
      ...settled,
      schedule: toCome(schedule, stateOf(stored)),
      ...(isRamped(stored, schedule) ? { traffic: stored.spec.traffic } : {}),
    };
  },
  notes: ({ traffic, schedule }, stored) => [
    ...(isRamped(stored, schedule) && traffic !== stored.spec.traffic
      ? [
          `traffic: stays ${stored.spec.traffic}, because its ramp says how much it has; the file has ${traffic}.`,
        ]
      : []),
    ...(ENDED.has(stateOf(stored).status) && schedule && !sameJson(schedule, NO_PARTS.schedule)
      ? [`schedule: says nothing any more, because it is ${stateOf(stored).status}.`]
      : []),
  ],
  async create(run, spec) {
    const { db, tx, acting } = run;
    const { schedule: _schedule, guardrails: _guardrails, assignmentRules: _rules, ...design } = spec;
    const store = new ExperimentStore(db);
    await new ExperimentsService(db, store).create(design, acting);
    const parts = await writeParts(run, spec.key, partsOf(spec));
    const after = await store.lock(tx, spec.key);
    const isDraft = after.status === 'draft';
    return {
      prose: [...(isDraft ? ['A draft: nobody gets it before it is started.'] : []), ...parts],
      traffic: { before: null, after: allocationOf(after), moves: null, units: { inIt: 0, touched: 0 } },
    };
  },
  change: changeExperiment,
});
