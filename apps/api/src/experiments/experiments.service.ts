import { Inject, Injectable } from '@nestjs/common';
import {
  DomainError,
  allocateRange,
  checkRange,
  conditionSources,
  createAssignmentEngine,
  defaultSalt,
  explainCondition,
  revise,
  startRequirements,
  transition,
} from '#experiments';
import type { BucketRange, Experiment, ExperimentDesign, LayerClaim, LifecycleAction } from '#experiments';
import { recordChange } from '../access/record-change.js';
import type { Acting } from '../http/acting.js';
import { requireMatch } from '../http/etag.js';
import { Problem } from '../http/problem.js';
import { gateArms } from '../off-policy/traffic-gate.js';
import { pinSegments } from '../persistence/audience-references.js';
import { Database } from '../persistence/database.js';
import type { Transaction } from '../persistence/database.js';
import { checkReferences } from './experiment-references.js';
import { ExperimentStore } from './experiment-store.js';
import { experimentListView, experimentView, phaseView } from './experiment.mapper.js';
import type { ExperimentView, StoredExperiment } from './experiment.mapper.js';
import type {
  CreateExperiment,
  ExplainBody,
  ListExperiments,
  PatchExperiment,
} from './experiment.schemas.js';

/** Actions of the API; `schedule` and `unschedule` have no route. */
export type RoutedAction = Exclude<LifecycleAction, 'schedule' | 'unschedule'>;

/** The layer that experiments join unless they name another. */
const DEFAULT_LAYER = 'default';
const ENDS_PHASE: ReadonlySet<LifecycleAction> = new Set(['stop', 'ship']);
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
    const found = await this.store.list(query);
    const last = found.length === query.limit ? found.at(-1) : undefined;
    return { items: found.map(experimentListView), nextCursor: last?.key ?? null };
  }

  async phases(key: string) {
    await this.store.get(key);
    return { items: (await this.store.phases(key)).map(phaseView) };
  }

  async create(body: CreateExperiment, acting: Acting): Promise<ExperimentView> {
    const { layerShare, salt, ...fields } = body;
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
      const stored = await this.store.insert(tx, {
        ...design,
        layerRange: wishedRange(claims, layerShare ?? null),
      });
      return this.record(tx, acting, 'create', null, stored);
    });
  }

  async patch(key: string, body: PatchExperiment, acting: Acting): Promise<ExperimentView> {
    return this.db.transaction(async (tx) => {
      const before = await this.store.lock(tx, key);
      requireMatch(acting.ifMatch, before.version, true);
      const { overrideGate, ...patch } = body;
      const live = LIVE.has(before.status) && patch.targeting !== undefined;
      const pinned = live ? { ...patch, targeting: await pinSegments(tx, patch.targeting ?? null) } : patch;
      const { experiment: next, newPhase, changed } = revise(before, pinned);
      if (changed.length === 0) return experimentView(before);
      await checkReferences(tx, next);
      if (LIVE.has(next.status)) {
        await gateArms(tx, addedPolicies(before, next), { reason: overrideGate, acting });
      }
      if (next.status !== 'draft' && changed.includes('layerRange')) await this.claimRange(tx, next);
      const after = await this.store.update(tx, next);
      if (newPhase) await this.store.turnPhase(tx, after, await this.store.now(tx), true);
      return this.record(tx, acting, 'change', before, after);
    });
  }

  async act(
    key: string,
    action: RoutedAction,
    given: {
      readonly reason?: string | undefined;
      readonly arm?: string;
      readonly overrideGate?: string | undefined;
    },
    acting: Acting,
  ): Promise<ExperimentView> {
    return this.db.transaction(async (tx) => {
      const before = await this.store.lock(tx, key);
      requireMatch(acting.ifMatch, before.version, false);
      const at = await this.store.now(tx);
      const { reason, arm } = given;
      if (action === 'start') await gateArms(tx, before.arms, { reason: given.overrideGate, acting });
      const ready = action === 'start' ? await this.prepareStart(tx, before) : before;
      const options = {
        at,
        ...(reason === undefined ? {} : { reason }),
        ...(arm === undefined ? {} : { arm }),
      };
      const after = await this.store.update(tx, transition(ready, action, options));
      if (action === 'start') await this.store.turnPhase(tx, after, at, true);
      else if (ENDS_PHASE.has(action)) await this.store.turnPhase(tx, after, at, false);
      return this.record(tx, acting, action, before, after);
    });
  }

  /** Why a unit would get what: as if this experiment ran, if it does not yet. */
  async explain(key: string, body: ExplainBody) {
    const stored = await this.store.get(key);
    const catalog = await this.store.catalogFor(stored.surface);
    const asIf = (experiment: Experiment): Experiment =>
      experiment.key === key && !LIVE.has(experiment.status)
        ? { ...experiment, status: 'running' }
        : experiment;
    const engine = createAssignmentEngine({ ...catalog, experiments: catalog.experiments.map(asIf) });
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
    const ready = { ...draft, targeting, layerRange: await this.findRange(tx, draft) };
    const missing = startRequirements(ready);
    if (missing.length > 0) {
      const sentence = missing.map((requirement) => requirement.message).join('; ');
      throw new Problem(422, 'not_ready', `"${draft.key}" cannot start yet: ${sentence}`, missing);
    }
    return ready;
  }

  /** A draft's range is a wish: kept if it is free, else one of the same size elsewhere in the layer. */
  private async findRange(tx: Transaction, draft: StoredExperiment): Promise<BucketRange> {
    const claims = await this.store.lockClaims(tx, draft.layer, draft.key);
    const [from, to] = draft.layerRange;
    if (from === to) return allocateRange(claims, null);
    try {
      checkRange(claims, { experiment: draft.key, range: draft.layerRange });
      return draft.layerRange;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'layer_overlap') throw error;
      return allocateRange(claims, to - from);
    }
  }

  private async claimRange(tx: Transaction, design: ExperimentDesign): Promise<void> {
    const claims = await this.store.lockClaims(tx, design.layer, design.key);
    checkRange(claims, { experiment: design.key, range: design.layerRange });
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

/** What a new draft would get today; a full layer is no reason not to write a draft. */
function wishedRange(claims: readonly LayerClaim[], share: number | null): BucketRange {
  try {
    return allocateRange(claims, share);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'layer_full') return [0, share ?? 0];
    throw error;
  }
}
