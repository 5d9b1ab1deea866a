import { createRng } from '#experiments';
import { policyRegistry } from '#policies';
import type { Action, BanditPolicy, Chooser, DecisionRequest, RewardedDecision } from '#policies';
import { FeatureIndex } from '../libs/policies/src/bandits/features.js';
import { figureOf, median } from './figure.js';
import type { Figure } from './figure.js';

const ARMS = 10;
const CONTEXT_FEATURES = 20;
const ACTION_FEATURES = 8;
const ROUNDS = 5_000;
/** Passes before those that are timed: a learner runs for days, and its first tens of thousands of updates are spent on compiling it. */
const WARM_UP = 10;
const REPEATS = 9;
const BATCHES = [50, 500] as const;

const SHARINGS = ['disjoint', 'hybrid'] as const;
const KEYS = [
  'linear-thompson',
  'square-cb',
  'lin-ucb',
  'logistic-thompson',
  'ridge-epsilon-greedy',
] as const;

interface World {
  readonly requests: readonly DecisionRequest[];
  readonly decisions: readonly RewardedDecision[];
}

/** Contexts of 20 numbers (with the constant 21 features) and actions of 8, rewarded by chance. */
function worldOf(rounds: number): World {
  const rng = createRng('bench bandits');
  const numbers = (prefix: string, count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, rng.normal()]));
  const actions = Array.from({ length: ARMS }, (_, i): Action => ({
    id: `artwork-${i}`,
    features: numbers('z', ACTION_FEATURES),
  }));
  const requests = Array.from({ length: rounds }, (_, n) => ({
    unitId: `u${n}`,
    context: numbers('x', CONTEXT_FEATURES),
    actions,
    subject: null,
    at: 1_700_000_000_000 + 1000 * n,
  }));
  const decisions = requests.map((request, n) => ({
    ...request,
    decisionId: `d${n}`,
    action: actions[rng.below(ARMS)] as Action,
    position: 0,
    propensity: 1 / ARMS,
    reward: rng.uniform() < 0.2 ? 1 : 0,
  }));
  return { requests, decisions };
}

/**
 * Microseconds of processor time per round of one pass, collecting garbage included: the median of several passes, so
 * that other work on the machine counts as little as it can, and the least. The first passes are not timed.
 */
function passes(rounds: number, pass: () => number): { readonly middle: number; readonly least: number } {
  let kept = 0;
  for (let n = 0; n < WARM_UP; n++) kept += pass();
  const times = Array.from({ length: REPEATS }, () => {
    const began = process.cpuUsage();
    kept += pass();
    const { user, system } = process.cpuUsage(began);
    return (user + system) / rounds;
  });
  if (Number.isNaN(kept)) throw new Error('a policy gave no number');
  return { middle: median(times), least: Math.min(...times) };
}

const microseconds = (rounds: number, pass: () => number): number => passes(rounds, pass).middle;

class Subject {
  readonly params: unknown;
  private readonly policy: BanditPolicy;
  private state: unknown;
  private chooser: Chooser;

  constructor(key: string, input: object, decisions: readonly RewardedDecision[]) {
    const policy = policyRegistry.get(key);
    if (policy.learns !== 'online') throw new Error(`${key} does not learn online`);
    this.policy = policy;
    this.params = policy.params.parse(input);
    this.state = policy.update(policy.initialState(this.params), decisions, this.params);
    this.chooser = this.compile();
  }

  private compile(): Chooser {
    const compiled = this.policy.compile(this.state, this.params);
    if (compiled.decides !== 'action') throw new Error('a chooser was expected');
    return compiled;
  }

  decide(requests: readonly DecisionRequest[]): number {
    let sum = 0;
    for (const request of requests) sum += this.chooser.distribution(request)[0] as number;
    return sum;
  }

  /** One immutable update per batch, and the first answer of the new snapshot, which solves all its actions. */
  learn({ requests, decisions }: World, batch: number): number {
    let sum = 0;
    for (let n = 0; n < decisions.length; n += batch) {
      this.state = this.policy.update(this.state, decisions.slice(n, n + batch), this.params);
      this.chooser = this.compile();
      sum += this.chooser.distribution(requests[n] as DecisionRequest)[0] as number;
    }
    return sum;
  }

  /** What a service does: decide on every request, learn from every closed batch. */
  play({ requests, decisions }: World, batch: number): number {
    let sum = 0;
    for (let n = 0; n < decisions.length; n += batch) {
      sum += this.decide(requests.slice(n, n + batch));
      this.state = this.policy.update(this.state, decisions.slice(n, n + batch), this.params);
      this.chooser = this.compile();
    }
    return sum;
  }
}

function parseMicroseconds({ requests }: World): number {
  const index = new FeatureIndex(Object.keys((requests[0] as DecisionRequest).context), 100);
  return microseconds(requests.length, () => {
    let sum = 0;
    for (const { context } of requests) sum += index.vector(context)[1] as number;
    return sum;
  });
}

/** Times of one policy by what was timed. */
type Times = Record<string, number>;

/**
 * `update`: reading the batch, the new state, its snapshot and the solution of all actions (weights, and deviations where
 * the policy uses them), which is the first answer less what an answer costs once everything is solved. `pair` has
 * all of it: one decision and one update.
 */
function timesOf(key: string, sharing: string, world: World): Times {
  const times: Times = {};
  const subject = (): Subject => new Subject(key, { sharing }, world.decisions);
  const decider = subject();
  times['decide'] = microseconds(ROUNDS, () => decider.decide(world.requests));
  for (const batch of BATCHES) {
    const learner = subject();
    const learned = passes(ROUNDS, () => learner.learn(world, batch));
    times[`update and first answer ${batch}`] = learned.middle;
    times[`update ${batch}`] = learned.middle - times['decide'] / batch;
    times[`update ${batch}, least`] = learned.least - times['decide'] / batch;
    const player = subject();
    times[`pair ${batch}`] = microseconds(ROUNDS, () => player.play(world, batch));
  }
  return times;
}

const micro = (key: string, title: string, value: number, atMost: number, details: Times): Figure =>
  figureOf({ key, title, unit: 'us', value, ceiling: null, target: { of: 'value', atMost } }, details);

/**
 * Contextual policies on one core, 10 arms and 21 features, by the interface that serves traffic: context objects in,
 * probabilities out; updates in batches, each with a new snapshot.
 */
export function benchBandits(): Promise<Figure[]> {
  const world = worldOf(ROUNDS);
  const parse = parseMicroseconds(world);
  const all = new Map<string, Times>(
    KEYS.flatMap((key) =>
      SHARINGS.map((sharing) => [`${key} ${sharing}`, timesOf(key, sharing, world)] as const),
    ),
  );
  const time = (name: string, what: string): number => all.get(name)?.[what] ?? NaN;
  const each = (...whats: string[]): Times =>
    Object.fromEntries([...all].flatMap(([name, t]) => whats.map((w) => [`${name} ${w}`, t[w] ?? NaN])));
  const worst = (key: string, what: string): number =>
    Math.max(...SHARINGS.map((sharing) => time(`${key} ${sharing}`, what)));
  const updates = BATCHES.flatMap((batch) => [
    `update ${batch}`,
    `update ${batch}, least`,
    `update and first answer ${batch}`,
  ]);
  const pairs = Math.max(...SHARINGS.map((sharing) => time(`square-cb ${sharing}`, 'pair 50')));
  return Promise.resolve([
    micro(
      'bandit-decide-exact',
      'exact Thompson propensities of 10 actions',
      worst('linear-thompson', 'decide'),
      100,
      {
        'parsing the context, included': parse,
        ...each('decide'),
      },
    ),
    micro(
      'bandit-decide-square-cb',
      'SquareCB propensities of 10 actions',
      worst('square-cb', 'decide'),
      12,
      {
        'parsing the context, included': parse,
      },
    ),
    micro(
      'bandit-update',
      'linear update per decision, batches of 50',
      worst('linear-thompson', 'update 50'),
      5,
      each(...updates),
    ),
    figureOf(
      {
        key: 'bandit-pairs',
        title: 'decide and update, SquareCB propensities, batches of 50',
        unit: '/s',
        value: 1e6 / pairs,
        ceiling: null,
        target: { of: 'value', atLeast: 100_000 },
      },
      each('pair 50', 'pair 500'),
    ),
  ]);
}
