import {
  createAssignmentEngine,
  createRng,
  type AssignmentEngine,
  type Context,
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
} from '#policies';
import {
  itemsOf,
  layers,
  surfaces,
  type Answer,
  type ClientEvent,
  type ReadyPolicy,
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
  compiled: CompiledPolicy;
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
  private readonly open = new Map<string, OpenDecision>();
  private readonly rng: Rng;
  private decisions = 0;

  constructor(
    world: World,
    experiments: readonly Experiment[],
    policies: readonly ReadyPolicy[],
    private readonly seed: string,
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
  }

  serve(request: TreatmentRequest, at: number): Answer {
    return request.requests.map((one) => this.answer(request, one, at));
  }

  private answer(request: TreatmentRequest, one: SurfaceRequest, at: number): ServedTreatment {
    const surface = surfaces.find(({ key }) => key === one.surface);
    const decisionId = `${this.seed}-${this.decisions++}`;
    const { experiment, arm, reason } = this.engine.assign(request, one.surface, request.context);
    const base = {
      decisionId,
      surface: one.surface,
      experiment: experiment?.key ?? null,
      arm: arm?.key ?? null,
      reason,
    };
    const subject = one.subject ?? null;
    const actions = this.candidatesOf(surface, subject);
    if (!arm) return { ...base, ...byDefault(actions, surface) };
    if (arm.treatment.kind === 'value') return { ...base, value: arm.treatment.value };
    const decision = {
      unitId: request.unitId,
      context: request.context,
      actions,
      subject,
      at,
    };
    return {
      ...base,
      ...this.ask(
        arm.treatment.policyId,
        decisionId,
        decision,
        surface?.kind === 'slate',
        one.limit ?? actions.length,
      ),
    };
  }

  private candidatesOf(surface: Surface | undefined, subject: string | null): Action[] {
    return this.candidates.get(`${surface?.candidateKind ?? ''}/${subject ?? ''}`) ?? [];
  }

  private ask(
    policyId: string,
    decisionId: string,
    decision: DecisionRequest,
    isSlate: boolean,
    limit: number,
  ): Pick<ServedTreatment, 'action' | 'slate' | 'propensity'> {
    const learner = this.learners.get(policyId);
    if (!learner) throw new Error(`The policy "${policyId}" is not among the policies given.`);
    const { compiled, exploration, config } = learner;
    const { actions } = decision;
    if (isSlate) {
      const found = compiled.decides === 'slate' && compiled.retrieve?.(decision, null);
      const ranked = found ? found.map((place) => actions[place] as Action) : actions;
      if (ranked.length === 0) return { slate: [], propensity: 1 };
      const asked = { ...decision, actions: ranked };
      const { items } = serveSlate(compiled, asked, limit, exploration, config.floor, this.rng);
      return {
        slate: items.map(({ index, propensity }) => ({ id: (ranked[index] as Action).id, propensity })),
      };
    }
    const { index, propensity } = serveAction(compiled, decision, exploration, config.floor, this.rng);
    const action = actions[index] as Action;
    const { actions: _candidates, ...rest } = decision;
    this.watch(learner, { decisionId, action, propensity, ...rest });
    return { action: action.id, propensity };
  }

  private watch(
    learner: Learner,
    decision: {
      decisionId: string;
      unitId: string;
      context: Context;
      subject: string | null;
      action: Action;
      propensity: number;
      at: number;
    },
  ): void {
    if (!learner.config.learning || learner.policy.learns !== 'online') return;
    const open = {
      ...decision,
      policyId: learner.config.id,
      position: 0,
      reward: 0,
      exposed: false,
      rewarded: false,
    };
    learner.open.push(open);
    this.open.set(open.decisionId, open);
  }

  take(event: ClientEvent): void {
    const open = this.open.get(event.decisionId ?? '');
    if (!open) return;
    if (event.kind === 'exposure') open.exposed = true;
    const counts = this.learners
      .get(open.policyId)
      ?.config.reward.outcomes.some(({ name }) => name === event.name);
    if (counts) open.rewarded = true;
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
  if (policy.needs?.(params).catalogue === undefined)
    throw new Error(
      `The policy "${id}" learns from history in training runs, which a simulation has none of.`,
    );
  const none = new Uint32Array(0);
  const nothing = { units: [], items: [], itemFeatures: [], unit: none, item: none };
  const data = { ...nothing, value: new Float64Array(0), at: new Float64Array(0), catalogue };
  return policy.fit(data, params, createRng(id), () => undefined);
}

function createLearner(config: ReadyPolicy, catalogue: readonly Action[]): Learner {
  const policy = policyRegistry.get(config.key);
  const params = policy.params.parse(config.params);
  const state =
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
    compiled: policy.compile(state as null, params),
    open: [],
  };
}
