import { Inject, Injectable } from '@nestjs/common';
import {
  checkRange,
  conditionSources,
  createAssignmentEngine,
  defaultSalt,
  explainCondition,
  revise,
  startRequirements,
  transition,
} from '#experiments';
import type { Experiment, ExperimentChanges, ExperimentDesign, LifecycleAction } from '#experiments';
import { refuseManaged } from '../access/managed.js';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { gateArms } from '../off-policy/traffic-gate.js';
import { pinSegments } from '../persistence/audience-references.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { keepRulesOf } from '../persistence/guardrail-rules.js';
import { takeBack } from '../persistence/take-back.js';
import { MOST_KEPT, dropKept, idsIn, keepUnits, readKept } from '../persistence/kept-units.js';
import { requireApproval } from './approval.js';
import { checkReferences } from './experiment-references.js';
import { ExperimentStore } from './experiment-store.js';
import { checkJoined, claimRanges, ownRanges, wishedRange, wishedRanges } from './layer-ranges.js';
import { patchedArms } from './patch-arms.js';
import { previewChange } from './preview-change.js';
import type { ChangePreview } from './preview-change.js';
import { experimentListView, experimentView, phaseView } from './experiment.mapper.js';
import type { ExperimentView, StoredExperiment } from './experiment.mapper.js';
import type { ListExperiments } from './experiment-list.js';
import type { CreateExperiment, ExplainBody, PatchExperiment } from './experiment.schemas.js';

/** Actions with a route of their own; a start date in the schedule makes the other two. */
export type RoutedAction = Exclude<LifecycleAction, 'schedule' | 'unschedule'>;

/** What an action may be given with. */
export interface GivenAction {
  readonly reason?: string | undefined;
  readonly arm?: string | undefined;
  readonly overrideGate?: string | undefined;
}

/** The layer that experiments join unless they name another. */
const DEFAULT_LAYER = 'default';
const ENDS_PHASE: ReadonlySet<LifecycleAction> = new Set(['stop', 'ship']);
/** What claims parts of layers. */
const RANGES: ReadonlySet<string> = new Set(['layer', 'layerRange', 'otherLayers']);
const LIVE: ReadonlySet<string> = new Set(['running', 'paused', 'shipped']);

/** Use cases of the life of an experiment. Rules stand in the domain; this adds locks, references, audit and news. */
@Injectable()
export class ExperimentsService {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ExperimentStore) private readonly store: ExperimentStore,
  ) {}

  async get(key: string): Promise<ExperimentView> {
    return experimentView(await this.store.get(key));
  }

  async list(query: ListExperiments) {
    const { found, total } = await this.store.list(query);
    const last = found.length === query.limit ? found.at(-1) : undefined;
    return { items: found.map(experimentListView), nextCursor: last?.key ?? null, total };
  }

  async phases(key: string) {
    await this.store.get(key);
    return { items: (await this.store.phases(key)).map(phaseView) };
  }

  async create(body: CreateExperiment, acting: Acting): Promise<ExperimentView> {
    const { layerShare, layerRange, otherLayers, salt, ...fields } = body;
    return this.db.transaction(async (tx) => {
      if (fields.layer === DEFAULT_LAYER) await ensureDefaultLayer(tx);
      const design: ExperimentDesign = {
        ...fields,
        arms: fields.arms.map((arm) => ({ ...arm, title: arm.title || arm.key })),
        salt: salt ?? defaultSalt.experiment(fields.key),
        layerRange: [0, 0],
        status: 'draft',
        phase: 0,
        shippedArm: null,
        startedAt: null,
        stoppedAt: null,
        stopReason: null,
      };
      await checkReferences(tx, design);
      const claims = await this.store.lockClaims(tx, design.layer, design.key);
      if (layerRange) checkRange([], { experiment: design.key, range: layerRange });
      const placed = {
        ...design,
        layerRange: layerRange ?? wishedRange(claims, layerShare ?? null),
        otherLayers: await wishedRanges(this.store, tx, design.key, otherLayers, design.layer),
      };
      await checkJoined(this.store, tx, null, placed);
      const stored = await this.store.insert(tx, placed);
      return this.record(tx, acting, 'create', null, stored);
    });
  }

  async patch(key: string, body: PatchExperiment, acting: Acting): Promise<ExperimentView> {
    return this.db.transaction(async (tx) => {
      const before = await this.store.lock(tx, key);
      requireMatch(acting.ifMatch, before.version, true);
      await refuseManaged(tx, acting, 'experiment', key);
      return this.patchIn(tx, before, body, acting);
    });
  }

  /** A patch inside the caller's transaction, of an experiment that it has locked. */
  async patchIn(
    tx: Transaction,
    before: StoredExperiment,
    { overrideGate, existing, ...given }: PatchExperiment,
    acting: Acting,
  ): Promise<ExperimentView> {
    const { experiment: next, newPhase, changed } = revise(before, await this.changes(tx, before, given));
    if (changed.length === 0) return experimentView(before);
    await checkReferences(tx, next);
    if (LIVE.has(next.status)) {
      await gateArms(tx, addedPolicies(before, next), { reason: overrideGate, acting });
    }
    const ranges = changed.some((field) => RANGES.has(field));
    await checkJoined(this.store, tx, before, next);
    if (next.status !== 'draft' && ranges) await claimRanges(this.store, tx, next);
    const after = await this.store.update(tx, next);
    if (changed.includes('guardrailMetrics')) await keepRulesOf(tx, after.key, after.guardrailMetrics);
    if (newPhase) {
      const keep = existing === 'keep';
      const at = await this.store.now(tx);
      if (keep) await keepAll(tx, after, { beforePhase: after.phase, all: changed.includes('targeting') });
      await this.store.turnPhase(tx, after, at, true, keep);
    }
    return this.record(tx, acting, 'change', before, after);
  }

  /** What a PATCH would do to the units that are in the experiment. */
  async preview(key: string, body: PatchExperiment, acting: Acting): Promise<ChangePreview> {
    const before = await this.store.get(key);
    requireMatch(acting.ifMatch, before.version, false);
    const { overrideGate: _later, existing, ...given } = body;
    const changes = await this.db.transaction((tx) => this.changes(tx, before, given));
    return previewChange(this.db, before, changes, existing ?? 'move');
  }

  /** A patch as changes of the design: arms with what their entries leave out, and further layers with their ranges. */
  private async changes(
    tx: Transaction,
    before: StoredExperiment,
    { arms, otherLayers, ...rest }: Omit<PatchExperiment, 'overrideGate' | 'existing'>,
  ): Promise<ExperimentChanges> {
    const pins = LIVE.has(before.status) && rest.targeting !== undefined;
    const layers =
      otherLayers &&
      (await wishedRanges(
        this.store,
        tx,
        before.key,
        keptRanges(before, otherLayers),
        rest.layer ?? before.layer,
      ));
    return {
      ...rest,
      ...(pins ? { targeting: await pinSegments(tx, rest.targeting ?? null) } : {}),
      ...(arms ? { arms: patchedArms(before.arms, arms) } : {}),
      ...(layers ? { otherLayers: layers } : {}),
    };
  }

  async act(key: string, action: RoutedAction, given: GivenAction, acting: Acting): Promise<ExperimentView> {
    return this.db.transaction(async (tx) => {
      const before = await this.store.lock(tx, key);
      requireMatch(acting.ifMatch, before.version, false);
      return this.actIn(tx, before, action, given, acting);
    });
  }

  /** An action inside the caller's transaction, on an experiment that it has locked. */
  async actIn(
    tx: Transaction,
    before: StoredExperiment,
    action: LifecycleAction,
    given: GivenAction,
    acting: Acting,
  ): Promise<ExperimentView> {
    const at = await this.store.now(tx);
    const { reason, arm } = given;
    const starts = action === 'start' || action === 'schedule';
    if (starts) await gateArms(tx, before.arms, { reason: given.overrideGate, acting });
    if (starts) await requireApproval(tx, before);
    const ready = starts ? await this.prepareStart(tx, before) : before;
    const options = {
      at,
      ...(reason === undefined ? {} : { reason }),
      ...(arm === undefined ? {} : { arm }),
    };
    const after = await this.store.update(tx, transition(ready, action, options));
    // Who lets it go on after a guardrail's pause has taken the breach back, whichever button it was.
    if (action === 'resume') await takeBack(tx, after.key, after.phase, acting.actor, 'acted');
    if (action === 'start') await this.store.turnPhase(tx, after, at, true);
    else if (ENDS_PHASE.has(action)) {
      await this.store.turnPhase(tx, after, at, false);
      await dropKept(tx, after.key);
    }
    return this.record(tx, acting, action, before, after);
  }

  /** Why a unit would get what: as if this experiment ran, if it does not yet. */
  async explain(key: string, body: ExplainBody) {
    const stored = await this.store.get(key);
    const catalog = await this.store.catalogFor(stored.surface);
    const asIf = (experiment: Experiment): Experiment =>
      experiment.key === key && !LIVE.has(experiment.status)
        ? { ...experiment, status: 'running' }
        : experiment;
    const kept = await readKept(this.db, idsIn(body.unitId, body.context));
    const engine = createAssignmentEngine({ ...catalog, kept, experiments: catalog.experiments.map(asIf) });
    const unit = { unitId: body.unitId, unitType: stored.unitType };
    const at = Date.now();
    const { path, arm, reason, experiment, holdout } = engine.explain(unit, stored.surface, body.context, at);
    const targeting = explainCondition(
      stored.targeting,
      body.context,
      body.unitId,
      conditionSources(catalog),
    ).clauses;
    return { path, arm: arm?.key ?? null, reason, experiment: experiment?.key ?? null, holdout, targeting };
  }

  /** Tells everything that is missing at once, then gives the draft its own part of the layer. */
  private async prepareStart(tx: Transaction, draft: StoredExperiment): Promise<StoredExperiment> {
    await checkReferences(tx, draft);
    const targeting = await pinSegments(tx, draft.targeting);
    if (draft.status !== 'draft') return { ...draft, targeting };
    const ready = await ownRanges(this.store, tx, { ...draft, targeting });
    const missing = startRequirements(ready);
    if (missing.length > 0) {
      const sentence = missing.map((requirement) => requirement.message).join('; ');
      throw new Problem(422, 'not_ready', `"${draft.key}" cannot start yet: ${sentence}`, missing);
    }
    return ready;
  }

  private async record(
    tx: Transaction,
    acting: Acting,
    verb: string,
    before: StoredExperiment | null,
    after: StoredExperiment,
  ): Promise<ExperimentView> {
    const view = experimentView(after);
    await recordChange(tx, acting, {
      action: `experiment.${verb}`,
      entity: 'experiment',
      entityKey: after.key,
      ...(before ? { before: experimentView(before) } : {}),
      after: view,
    });
    return view;
  }
}

/** Arms whose policy no arm served before. */
function addedPolicies(before: ExperimentDesign, next: ExperimentDesign): ExperimentDesign['arms'] {
  const policyOf = ({ treatment }: ExperimentDesign['arms'][number]): string | null =>
    treatment.kind === 'policy' ? treatment.policyId : null;
  const known = new Set(before.arms.map(policyOf));
  return next.arms.filter((arm) => !known.has(policyOf(arm)));
}

async function ensureDefaultLayer(tx: Transaction): Promise<void> {
  await tx.query(`insert into layer (key, title, salt) values ($1, 'Default', $2) on conflict do nothing`, [
    DEFAULT_LAYER,
    defaultSalt.layer(DEFAULT_LAYER),
  ]);
}

/** Layers that the experiment is in already keep their ranges, unless the patch names others. */
function keptRanges(
  before: ExperimentDesign,
  wanted: NonNullable<PatchExperiment['otherLayers']>,
): NonNullable<PatchExperiment['otherLayers']> {
  return wanted.map((given) => {
    const known = before.otherLayers?.find(({ layer }) => layer === given.layer);
    if (!known || given.share !== undefined || given.range !== undefined) return given;
    return { layer: given.layer, range: [known.range[0], known.range[1]] };
  });
}

/** @throws Problem 409 `too_many_to_keep`. */
async function keepAll(
  tx: Transaction,
  experiment: Experiment,
  options: Parameters<typeof keepUnits>[2],
): Promise<void> {
  if ((await keepUnits(tx, experiment, options)) <= MOST_KEPT) return;
  throw Problem.conflict(
    'too_many_to_keep',
    `More than ${MOST_KEPT} units would have to keep their arms against the new allocation; let them move, or change less`,
  );
}
