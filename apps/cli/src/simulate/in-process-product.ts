import {
  createAssignmentEngine,
  createRng,
  type AssignmentEngine,
  type Experiment,
  type Rng,
  type Surface,
} from '#experiments';
import {
  compileExploration,
  policyRegistry,
  serveAction,
  serveSlate,
  type Action,
  type CompiledExploration,
  type CompiledPolicy,
  type DecisionRequest,
  type Policy,
  type RecommenderPolicy,
  type RewardedDecision,
  type TrainingSet,
} from '#policies';
import {
  itemsOf,
  layers,
  releasedItems,
  surfaces,
  type Answer,
  type ClientEvent,
  type ReadyPolicy,
  type Release,
  type ServedTreatment,
  type SurfaceRequest,
  type TreatmentRequest,
  type World,
} from '#simulation';

interface OpenDecision extends RewardedDecision {
  readonly policyId: string;
  exposed: boolean;
  rewarded: boolean;
}

interface Learner {
  readonly config: ReadyPolicy;
  readonly policy: Policy;
  readonly params: unknown;
  readonly exploration: CompiledExploration;
  state: unknown;
  /** Null: learns in training runs, and had none yet. */
  compiled: CompiledPolicy | null;
  open: OpenDecision[];
}

/**
 * The same assignment engine, policies and safety envelope as the API, in this process and on a simulated clock:
 * for whole experiments in seconds. Learns at full simulated hours.
 */
export class InProcessProduct {
  private readonly engine: AssignmentEngine;
  private readonly candidates = new Map<string, Action[]>();
  private readonly learners = new Map<string, Learner>();
  /** Of one decision, place by place. */
  private readonly open = new Map<string, OpenDecision[]>();
  private readonly items = new Map<string, Action>();
  private readonly rng: Rng;
  private decisions = 0;

  constructor(
    world: World,
    experiments: readonly Experiment[],
    policies: readonly ReadyPolicy[],
    private readonly seed: string,
    releases: readonly Release[] = [],
  ) {
    this.rng = createRng(`product/${seed}`);
    this.engine = createAssignmentEngine({ experiments, layers, holdouts: [], surfaces });
    for (const item of itemsOf(world)) {
      const key = `${item.kind}/${item.subject ?? ''}`;
      const list = this.candidates.get(key) ?? [];
      this.candidates.set(key, list);
      list.push({ id: item.id, title: item.title, features: item.features });
    }
    for (const list of this.candidates.values()) Object.freeze(list);
    const titles = this.candidates.get('title/') ?? [];
    for (const config of policies) this.learners.set(config.id, createLearner(config, titles));
    for (const { id, features } of [...itemsOf(world), ...releasedItems(world, releases)])
      this.items.set(id, { id, features });
  }

  serve(request: TreatmentRequest, at: number): Answer {
    return request.requests.map((one) => this.answer(request, one, at));
  }

  private answer(request: TreatmentRequest, one: SurfaceRequest, at: number): ServedTreatment {
    const surface = surfaces.find(({ key }) => key === one.surface);
    const decisionId = `${this.seed}-${this.decisions++}`;
    const { experiment, arm, reason } = this.engine.assign(request, one.surface, request.context);
    const names = { experiment: keyOf(experiment), arm: keyOf(arm) };
    const base = { decisionId, surface: one.surface, reason, ...names };
    const subject = one.subject ?? null;
    const actions = this.candidatesOf(surface, one);
    const limit = one.limit ?? actions.length;
    if (arm?.treatment.kind === 'value') return { ...base, value: arm.treatment.value };
    const learner = arm ? this.learnerOf(arm.treatment.policyId) : null;
    if (!learner?.compiled) return { ...base, ...byDefault(actions.slice(0, limit), surface) };
    const decision = { unitId: request.unitId, context: request.context, actions, subject, at };
    if (surface?.kind === 'slate')
      return { ...base, ...this.slate(learner, learner.compiled, decisionId, decision, limit) };
    return { ...base, ...this.single(learner, learner.compiled, decisionId, decision) };
  }

  private learnerOf(policyId: string): Learner {
    const learner = this.learners.get(policyId);
    if (!learner) throw new Error(`The policy "${policyId}" is not among the policies given.`);
    return learner;
  }

  /** The request's own candidates, with what is known of them, or the surface's. */
  private candidatesOf(surface: Surface | undefined, { actions, subject }: SurfaceRequest): Action[] {
    if (actions) return actions.map(({ id }) => this.items.get(id) ?? { id, features: {} });
    return this.candidates.get(`${surface?.candidateKind ?? ''}/${subject ?? ''}`) ?? [];
  }

  private slate(
    learner: Learner,
    compiled: CompiledPolicy,
    decisionId: string,
    decision: DecisionRequest,
    limit: number,
  ): Pick<ServedTreatment, 'slate' | 'propensity'> {
    const { exploration, config } = learner;
    const found = compiled.decides === 'slate' && compiled.retrieve?.(decision, null);
    const actions = found ? found.map((place) => decision.actions[place] as Action) : decision.actions;
    if (actions.length === 0) return { slate: [], propensity: 1 };
    const asked = { ...decision, actions };
    const { items } = serveSlate(compiled, asked, limit, exploration, config.floor, this.rng);
    const placed = items.map(({ index, propensity }) => ({ action: actions[index] as Action, propensity }));
    this.watch(learner, decisionId, decision, placed);
    return { slate: placed.map(({ action, propensity }) => ({ id: action.id, propensity })) };
  }

  private single(
    learner: Learner,
    compiled: CompiledPolicy,
    decisionId: string,
    decision: DecisionRequest,
  ): Pick<ServedTreatment, 'action' | 'propensity'> {
    const { exploration, config } = learner;
    const { index, propensity } = serveAction(compiled, decision, exploration, config.floor, this.rng);
    const action = decision.actions[index] as Action;
    this.watch(learner, decisionId, decision, [{ action, propensity }]);
    return { action: action.id, propensity };
  }

  /** The list that a policy would give to a request, learning nothing from it; empty where it was never trained. */
  wouldList(
    policyId: string,
    request: TreatmentRequest,
    one: SurfaceRequest,
    at: number,
    rng: Rng,
  ): string[] {
    const { compiled, exploration, config } = this.learnerOf(policyId);
    if (compiled === null) return [];
    const actions = this.candidatesOf(undefined, one);
    const decision = { unitId: request.unitId, context: request.context, actions, subject: null, at };
    const limit = one.limit ?? actions.length;
    const { items } = serveSlate(compiled, decision, limit, exploration, config.floor, rng);
    return items.map(({ index }) => (actions[index] as Action).id);
  }

  private watch(
    learner: Learner,
    decisionId: string,
    { unitId, context, subject, at }: DecisionRequest,
    placed: readonly { readonly action: Action; readonly propensity: number }[],
  ): void {
    if (!learner.config.learning || learner.policy.learns !== 'online') return;
    const policyId = learner.config.id;
    const open = placed.map(({ action, propensity }, position) => ({
      ...{ decisionId, unitId, context, subject, at, action, propensity, policyId, position },
      reward: 0,
      exposed: false,
      rewarded: false,
    }));
    learner.open.push(...open);
    this.open.set(decisionId, open);
  }

  take(event: ClientEvent): void {
    const open = this.open.get(event.decisionId ?? '');
    if (!open) return;
    if (event.kind === 'exposure') for (const place of open) place.exposed = true;
    const about = open.length === 1 ? open[0] : open.find(({ action }) => action.id === event.actionId);
    const counts = this.learners
      .get(open[0]?.policyId ?? '')
      ?.config.reward.outcomes.some(({ name }) => name === event.name);
    if (counts && about) about.rewarded = true;
  }

  /** A training run, or a first state from history for a policy that learns online. */
  train(policyId: string, data: TrainingSet): void {
    const learner = this.learnerOf(policyId);
    const { policy, params } = learner;
    if (policy.learns === 'batch') {
      const rng = createRng(`${this.seed}/${policyId}`);
      learner.compiled = policy.compile(
        policy.fit(data, params, rng, () => undefined),
        params,
      );
    } else if (policy.learns === 'online' && policy.warmStart) {
      learner.state = policy.warmStart(data, params);
      learner.compiled = policy.compile(learner.state, params);
    } else throw new Error(`The policy "${policyId}" can not be trained on a history.`);
  }

  /** Closes the attribution windows that have passed and lets the policies learn from them. */
  learn(now: number): void {
    for (const learner of this.learners.values()) {
      const { policy, config } = learner;
      if (learner.open.length === 0 || policy.learns !== 'online') continue;
      const closed = learner.open.filter(({ at }) => at + config.windowSeconds * 1000 <= now);
      learner.open = learner.open.filter(({ at }) => at + config.windowSeconds * 1000 > now);
      for (const { decisionId } of closed) this.open.delete(decisionId);
      const batch = closed
        .filter(({ exposed }) => exposed)
        .map((open) => ({ ...open, reward: open.rewarded ? 1 : 0 }));
      if (batch.length === 0) continue;
      learner.state = policy.update(learner.state, batch, learner.params);
      learner.compiled = policy.compile(learner.state, learner.params);
    }
  }
}

const keyOf = (named: { readonly key: string } | null | undefined): string | null => named?.key ?? null;

/** What a place shows without an experiment. */
function byDefault(
  actions: readonly Action[],
  surface: Surface | undefined,
): Pick<ServedTreatment, 'value' | 'action' | 'slate'> {
  const slate = actions.map(({ id }) => ({ id, propensity: 1 }));
  return { value: surface?.defaultValue ?? null, action: actions[0]?.id ?? null, slate };
}

/** What a training run comes to before anybody has done anything: the titles are all there is to learn from. */
function fitToCatalogue(
  policy: RecommenderPolicy,
  params: unknown,
  catalogue: readonly Action[],
  id: string,
): unknown {
  if (policy.needs?.(params).catalogue === undefined) return null;
  const none = new Uint32Array(0);
  const nothing = { units: [], items: [], itemFeatures: [], unit: none, item: none };
  const data = { ...nothing, value: new Float64Array(0), at: new Float64Array(0), catalogue };
  return policy.fit(data, params, createRng(id), () => undefined);
}

function createLearner(config: ReadyPolicy, catalogue: readonly Action[]): Learner {
  const policy = policyRegistry.get(config.key);
  const params = policy.params.parse(config.params);
  const state: unknown =
    policy.learns === 'online'
      ? policy.initialState(params)
      : policy.learns === 'batch'
        ? fitToCatalogue(policy, params, catalogue, config.id)
        : null;
  const { key, params: explorationParams } = config.exploration;
  return {
    config,
    policy,
    params,
    exploration: compileExploration(key, explorationParams),
    state,
    compiled: policy.learns !== 'never' && state === null ? null : policy.compile(state as null, params),
    open: [],
  };
}
