import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { createRng, DomainError } from '#experiments';
import type { Context, Json } from '#experiments';
import { compileExploration, policyRegistry, serveAction } from '#policies';
import type { Action, BanditPolicy, CompiledPolicy, DecisionRequest, RewardedDecision } from '#policies';

/** Rounds after which the average expected reward is reported. */
const HORIZONS = [1_000, 10_000, 100_000] as const;
/** One round of a recorded environment stands for one second of wall clock. */
const ROUND_MS = 1_000;
const START_MS = Date.UTC(2024, 0, 1);
/** Rounds learned at a time: 0.2 % of those played so far, so that early rounds count at once. */
const LARGEST_BATCH = 50;
const ROUNDS_PER_BATCH_STEP = 500;

export interface EvaluateBanditOptions {
  readonly policy: string;
  /** JSON lines, plain or gzipped: {"t", "x": context numbers, "p": expected reward per action, "u": in [0, 1)}. */
  readonly stream: string;
  readonly params?: unknown;
  readonly seed?: number;
  /** Called now and then with the number of rounds played. */
  readonly progress?: (rounds: number) => void;
}

export interface BanditEvaluation {
  readonly policy: string;
  readonly params: Json;
  readonly rounds: number;
  readonly seed: number;
  /** Average expected reward of the actions played so far; null where the stream is shorter. */
  readonly expectedReward: Readonly<Record<`${(typeof HORIZONS)[number]}`, number | null>>;
  readonly regret: number;
  readonly propensity: { readonly exact: boolean; readonly min: number };
  readonly decideMicroseconds: number;
  readonly updateMicroseconds: number;
}

interface Round {
  readonly x: readonly number[];
  readonly p: readonly number[];
  readonly u: number;
}

function parseRound(line: string, number: number): Round {
  const fail = (): never => {
    throw new DomainError(
      'invalid_stream',
      `line ${number} is not a round {"x": [...], "p": [...], "u": number}`,
    );
  };
  let row: Partial<Round> | null = null;
  try {
    row = JSON.parse(line) as Partial<Round> | null;
  } catch {
    fail();
  }
  const numbers = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isFinite);
  if (!numbers(row?.x) || !numbers(row?.p) || row.p.length === 0 || !Number.isFinite(row.u)) return fail();
  return row as Round;
}

/** Features of the actions, from the stream's `.meta.json` beside it (`z`), where there is one. */
function readActionFeatures(stream: string): readonly Context[] {
  const path = stream.replace(/\.jsonl(\.gz)?$/, '.meta.json');
  if (path === stream || !existsSync(path)) return [];
  const meta = JSON.parse(readFileSync(path, 'utf8')) as { z?: readonly (readonly number[])[] };
  return (meta.z ?? []).map((row) => numbered('z', row));
}

function numbered(prefix: string, values: readonly number[]): Context {
  return Object.fromEntries(values.map((value, i) => [`${prefix}${i}`, value]));
}

/** A learning policy with its state, or one that learns nothing. */
class Player {
  private readonly pending: RewardedDecision[] = [];
  private state: unknown;
  private learned = 0;
  compiled: CompiledPolicy;
  updateMs = 0;

  constructor(
    private readonly policy: BanditPolicy | null,
    private readonly params: unknown,
    compileStatic: () => CompiledPolicy,
  ) {
    this.state = policy?.initialState(params);
    this.compiled = policy === null ? compileStatic() : policy.compile(this.state, params);
  }

  learn(decision: RewardedDecision): void {
    if (this.policy === null) return;
    this.pending.push(decision);
    const due = Math.min(LARGEST_BATCH, Math.max(1, Math.floor(this.learned / ROUNDS_PER_BATCH_STEP)));
    if (this.pending.length < due) return;
    const start = performance.now();
    this.state = this.policy.update(this.state, this.pending, this.params);
    this.compiled = this.policy.compile(this.state, this.params);
    this.updateMs += performance.now() - start;
    this.learned += this.pending.length;
    this.pending.length = 0;
  }
}

function createPlayer(key: string, input: unknown): { player: Player; params: unknown } {
  const policy = policyRegistry.get(key);
  if (policy.learns === 'batch') {
    throw new DomainError(
      'not_a_bandit',
      `"${key}" learns in training runs: use "evaluate recommender ${key}"`,
    );
  }
  const params = policy.params.parse(input);
  const learner = policy.learns === 'online' ? policy : null;
  return { player: new Player(learner, params, () => policy.compile(null, params)), params };
}

/** Running sums of one evaluation. */
class Score {
  rounds = 0;
  regret = 0;
  minPropensity = 1;
  decideMs = 0;
  private total = 0;
  private readonly averages = new Map<number, number>();

  add(round: Round, index: number, propensity: number): void {
    const expected = round.p[index] as number;
    this.rounds++;
    this.total += expected;
    this.regret += Math.max(...round.p) - expected;
    this.minPropensity = Math.min(this.minPropensity, propensity);
    if ((HORIZONS as readonly number[]).includes(this.rounds))
      this.averages.set(this.rounds, this.total / this.rounds);
  }

  get expectedReward(): BanditEvaluation['expectedReward'] {
    const at = (horizon: number): number | null => this.averages.get(horizon) ?? null;
    return { '1000': at(1_000), '10000': at(10_000), '100000': at(100_000) };
  }
}

/**
 * Plays a recorded environment: the policy sees context and actions, picks by the same code that serves traffic, and
 * learns from the reward of its own action only, 1 when u < p. Rankers are played greedily.
 * @throws DomainError on an unknown policy, bad parameters or a malformed line; Error when the file cannot be read.
 */
export async function evaluateBandit(options: EvaluateBanditOptions): Promise<BanditEvaluation> {
  const { player, params } = createPlayer(options.policy, options.params);
  const seed = options.seed ?? 1;
  const rng = createRng(`evaluate ${seed}`);
  const greedy = compileExploration('greedy', {});
  const actionFeatures = readActionFeatures(options.stream);
  const score = new Score();
  let actions: readonly Action[] = [];
  for await (const line of readLines(options.stream)) {
    const round = parseRound(line, score.rounds + 1);
    if (actions.length !== round.p.length) {
      actions = round.p.map((_, i) => ({ id: `a${i}`, features: actionFeatures[i] ?? {} }));
    }
    const at = START_MS + score.rounds * ROUND_MS;
    const request: DecisionRequest = {
      unitId: `u${score.rounds}`,
      context: numbered('x', round.x),
      actions,
      subject: null,
      at,
    };
    const start = performance.now();
    const { index, propensity } = serveAction(player.compiled, request, greedy, 0, rng);
    score.decideMs += performance.now() - start;
    score.add(round, index, propensity);
    const reward = round.u < (round.p[index] as number) ? 1 : 0;
    const action = actions[index] as Action;
    player.learn({ ...request, decisionId: `d${score.rounds}`, action, position: 0, propensity, reward });
    if (score.rounds % 1_000 === 0) options.progress?.(score.rounds);
  }
  if (score.rounds === 0) throw new DomainError('invalid_stream', `${options.stream} holds no rounds`);
  const { compiled } = player;
  return {
    policy: options.policy,
    params: params as Json,
    rounds: score.rounds,
    seed,
    expectedReward: score.expectedReward,
    regret: score.regret,
    propensity: {
      exact: compiled.decides === 'slate' || compiled.propensity.kind === 'exact',
      min: score.minPropensity,
    },
    decideMicroseconds: (1000 * score.decideMs) / score.rounds,
    updateMicroseconds: (1000 * player.updateMs) / score.rounds,
  };
}

/** Lines of a text file, gunzipped where its name ends in .gz; a read error surfaces as an exception. */
async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path);
  const source = path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
  file.on('error', (error) => source.destroy(error));
  for await (const line of createInterface({ input: source, crlfDelay: Infinity })) {
    if (line.trim() !== '') yield line;
  }
}
