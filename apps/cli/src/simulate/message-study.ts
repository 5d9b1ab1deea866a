import { createRng } from '#experiments';
import { liftOfShowing } from '#metrics';
import type { LiftOfShowing, LotSums } from '#metrics';
import { compileExploration, incrementalReward, policyRegistry, serveAction } from '#policies';
import type { BanditPolicy, Chooser, RewardedDecision } from '#policies';
import {
  createMemberState,
  createWorld,
  itemsOf,
  messageLift,
  messagePolicy,
  messageWindowHours,
  millisecondsPerDay,
  silentMessage,
  simulate,
} from '#simulation';
import type { MemberState, ServedTreatment, TreatmentRequest, World } from '#simulation';

/** A Monday, Unix milliseconds. */
export const STUDY_START = Date.UTC(2026, 2, 2);
const WINDOW_MS = messageWindowHours * 3_600_000;

/** One question whether to send something. */
export interface Asked extends RewardedDecision {
  /** Null: nothing was to be sent, and no lot was drawn. */
  readonly withheld: boolean | null;
  /** What sending brings by the laws of the world, in the state that the member was in. */
  readonly truth: number;
}

export interface MessageStudyOptions {
  readonly seed: string;
  readonly members: number;
  readonly days: number;
  /** Withheld share of what was to be sent. */
  readonly share: number;
  /** Withheld messages are not counted against the caps: what measuring the lift was like, and must not be. */
  readonly forgetsWithheld?: boolean;
}

/** The policy of the demo in a simulated world, learning once a day from lots as the product does. */
export class MessageStudy {
  readonly world: World;
  readonly asked: Asked[] = [];
  /** Times of each member's plays, Unix milliseconds. */
  readonly plays = new Map<string, number[]>();
  visits = 0;
  readonly end: number;
  private readonly states: readonly MemberState[];
  private readonly known: ReadonlyMap<string, MemberState>;
  private readonly policy = policyRegistry.get(messagePolicy.key) as BanditPolicy;
  private readonly params = this.policy.params.parse(messagePolicy.params);
  private readonly actions: readonly { id: string; features: RewardedDecision['action']['features'] }[];
  private readonly explore = compileExploration('greedy', {});
  private readonly rng;
  private state = this.policy.initialState(this.params);
  private chooser = this.policy.compile(this.state, this.params) as Chooser;
  private learnedTo = STUDY_START;
  private readonly baseline = { sum: 0, n: 0 };

  constructor(private readonly options: MessageStudyOptions) {
    const { seed, members, days } = options;
    this.world = createWorld(seed, { members, titles: 24 });
    this.states = this.world.members.map(createMemberState);
    this.known = new Map(this.states.map((state) => [state.member.id, state]));
    this.actions = itemsOf(this.world).flatMap(({ id, kind, features }) =>
      kind === 'message' ? [{ id, features }] : [],
    );
    this.rng = createRng(`${seed}/lots`);
    this.end = STUDY_START + days * millisecondsPerDay;
  }

  async play(): Promise<this> {
    await simulate(this.world, {
      from: STUDY_START,
      to: this.end,
      seed: this.options.seed,
      states: this.states,
      messages: true,
      serve: (request, at) =>
        request.requests.map(({ surface }, i) => ({
          decisionId: `${at}-${i}`,
          surface,
          experiment: null,
          arm: null,
          reason: 'POLICY',
          ...(surface === 'message.push' ? this.message(request, at) : {}),
        })),
      emit: ({ name, unitId, at }) => {
        if (name === 'session_start') this.visits++;
        if (name !== 'play') return;
        const own = this.plays.get(unitId);
        if (own) own.push(Date.parse(at));
        else this.plays.set(unitId, [Date.parse(at)]);
      },
      onHour: (at) => {
        if ((at - STUDY_START) % millisecondsPerDay === 0) this.learn(at);
      },
    });
    return this;
  }

  private message(request: TreatmentRequest, at: number): Pick<ServedTreatment, 'action' | 'withheld'> {
    const { unitId, context } = request;
    const decision = { unitId, context, actions: this.actions, subject: null, at };
    const { floor } = messagePolicy;
    const { index, propensity } = serveAction(this.chooser, decision, this.explore, floor, this.rng);
    const action = this.actions[index] as (typeof this.actions)[number];
    const withheld = action.id === silentMessage ? null : this.rng.uniform() < this.options.share;
    this.asked.push({
      ...decision,
      decisionId: `d${this.asked.length}`,
      action,
      position: 0,
      propensity,
      reward: 0,
      withheld,
      truth: messageLift(this.known.get(unitId) as MemberState, action.id, at),
    });
    if (withheld !== true) return { action: action.id };
    return this.options.forgetsWithheld ? { action: null } : { action: null, withheld };
  }

  private learn(at: number): void {
    const { share } = this.options;
    const due = this.lots(at).filter((one) => one.at + WINDOW_MS > this.learnedTo);
    this.learnedTo = at;
    const mean = this.baseline.n === 0 ? 0 : this.baseline.sum / this.baseline.n;
    const batch = due.map((one) => {
      const outcome = this.outcomeOf(one);
      if (one.withheld) {
        this.baseline.n++;
        this.baseline.sum += outcome;
      }
      const lot = { withheld: one.withheld === true, propensity: one.withheld ? share : 1 - share };
      return { ...one, reward: incrementalReward(outcome, mean, lot) };
    });
    this.state = this.policy.update(this.state, batch, this.params);
    this.chooser = this.policy.compile(this.state, this.params) as Chooser;
  }

  /** 1 where the member played something within the window. */
  private outcomeOf({ unitId, at }: Asked): number {
    return this.plays.get(unitId)?.some((play) => play > at && play <= at + WINDOW_MS) ? 1 : 0;
  }

  /** What was to be sent, sent or withheld, whose window had closed by then. */
  lots(by = this.end): Asked[] {
    return this.asked.filter(({ at, withheld }) => withheld !== null && at + WINDOW_MS <= by);
  }

  /** Mean lift by the laws of the world of exactly the messages that the estimate is about. */
  truth(): number {
    const lots = this.lots();
    return lots.reduce((sum, one) => sum + one.truth, 0) / lots.length;
  }

  /**
   * Lift of sending with its interval, as the report computes it: all of a member's messages on a side are one cluster.
   * Null where nothing was sent, or nothing withheld.
   */
  lift(): LiftOfShowing | null {
    const lots = this.lots();
    const side = (withheld: boolean): LotSums => this.sumsOf(lots.filter((one) => one.withheld === withheld));
    const found = liftOfShowing(side(false), side(true), { alpha: 0.05, binary: true });
    return found.status === 'ok' ? found : null;
  }

  private sumsOf(decisions: readonly Asked[]): LotSums {
    const clusters = new Map<string, { n: number; y: number }>();
    for (const one of decisions) {
      const own = clusters.get(one.unitId) ?? { n: 0, y: 0 };
      clusters.set(one.unitId, { n: own.n + 1, y: own.y + this.outcomeOf(one) });
    }
    const all = [...clusters.values()];
    const total = (term: (one: { n: number; y: number }) => number): number =>
      all.reduce((sum, one) => sum + term(one), 0);
    return {
      clusters: all.length,
      decisions: decisions.length,
      sum: total(({ y }) => y),
      sumSquares: total(({ y }) => y * y),
      sumProducts: total(({ n, y }) => n * y),
      sizeSquares: total(({ n }) => n * n),
    };
  }

  /** Share of the withheld messages after which the member was sent another one while the window was open. */
  contaminated(): number {
    const sent = new Map<string, number[]>();
    for (const { unitId, at, withheld } of this.asked)
      if (withheld === false) sent.set(unitId, [...(sent.get(unitId) ?? []), at]);
    const withheld = this.lots().filter((one) => one.withheld);
    const second = withheld.filter(({ unitId, at }) =>
      sent.get(unitId)?.some((time) => time > at && time <= at + WINDOW_MS),
    );
    return second.length / Math.max(1, withheld.length);
  }
}

export interface Coverage {
  readonly runs: number;
  /** Share of the intervals that hold the truth of their own run. */
  readonly covered: number;
  /** Mean of estimate minus truth, with its standard error, and the mean truth. */
  readonly bias: number;
  readonly biasError: number;
  readonly truth: number;
  readonly contaminated: number;
}

/** Plays the study again and again, in another world each time. */
export async function coverageOfLift(
  options: MessageStudyOptions & { readonly runs: number },
): Promise<Coverage> {
  const runs: { error: number; truth: number; covered: boolean; contaminated: number }[] = [];
  for (let run = 0; run < options.runs; run++) {
    const study = await new MessageStudy({ ...options, seed: `${options.seed}/${run}` }).play();
    const [found, truth] = [study.lift(), study.truth()];
    if (found === null) continue;
    const covered = found.lower <= truth && truth <= found.upper;
    runs.push({ error: found.lift - truth, truth, covered, contaminated: study.contaminated() });
  }
  const mean = (of: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const bias = mean(({ error }) => error);
  const variance = (mean(({ error }) => (error - bias) ** 2) * runs.length) / (runs.length - 1);
  return {
    runs: runs.length,
    covered: mean(({ covered }) => (covered ? 1 : 0)),
    bias,
    biasError: Math.sqrt(variance / runs.length),
    truth: mean(({ truth }) => truth),
    contaminated: mean(({ contaminated }) => contaminated),
  };
}
