import { createRng, type Rng } from '#experiments';
import type { Choice, Session } from './load.js';

/** Others are drawn from so many of the most popular titles of the time. */
const poolSize = 200;
const refreshEvery = 250;
/** Most recent titles of a member that are sent as context. */
const historyLength = 50;

/** One question of the replay: among these, what would you have shown before the member chose `choice`? */
export interface Question {
  readonly choice: Choice;
  /** The chosen title and others, in no telling order. */
  readonly candidates: readonly string[];
  /** What the member had chosen before, newest last. */
  readonly history: readonly string[];
}

export interface PlannedSession {
  readonly session: Session;
  readonly questions: readonly Question[];
  /** Choices of the session that nothing is asked about. */
  readonly others: readonly Choice[];
}

/** The state of the past while the replay goes through time: what was popular, and who had seen what. */
export class Past {
  private readonly counts = new Map<string, number>();
  private readonly seen = new Map<string, string[]>();
  private pool: string[] = [];
  private sinceRefresh = refreshEvery;

  constructor(
    private readonly seed: string,
    private readonly others: number,
  ) {}

  /** Plans a session's questions from the past alone, then lets the session become past. */
  plan(session: Session, most: number): PlannedSession {
    const rng = createRng(`${this.seed}/${session.unitId}/${session.start}`);
    const questions: Question[] = [];
    const others: Choice[] = [];
    // Known beforehand, so that a title chosen a minute later isn't held against the ranking.
    const ofSession = new Set(session.choices.map((choice) => choice.itemId));
    for (const choice of session.choices) {
      const question = questions.length < most ? this.ask(session.unitId, choice, ofSession, rng) : null;
      if (question) questions.push(question);
      else others.push(choice);
      this.remember(session.unitId, choice);
    }
    return { session, questions, others };
  }

  private ask(unitId: string, choice: Choice, ofSession: ReadonlySet<string>, rng: Rng): Question | null {
    const history = this.seen.get(unitId) ?? [];
    const known = new Set(history);
    const open = this.popular().filter((itemId) => !known.has(itemId) && !ofSession.has(itemId));
    if (open.length < this.others) return null;
    const candidates = [choice.itemId];
    for (let i = 0; i < this.others; i++) {
      const j = i + rng.below(open.length - i);
      const drawn = open[j] as string;
      open[j] = open[i] as string;
      candidates.push(drawn);
    }
    // The order of the request must not tell which one was chosen.
    const place = rng.below(candidates.length);
    candidates[0] = candidates[place] as string;
    candidates[place] = choice.itemId;
    return { choice, candidates, history: history.slice(-historyLength) };
  }

  private popular(): readonly string[] {
    if (this.sinceRefresh >= refreshEvery) {
      this.sinceRefresh = 0;
      this.pool = [...this.counts]
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .slice(0, poolSize)
        .map(([itemId]) => itemId);
    }
    return this.pool;
  }

  private remember(unitId: string, choice: Choice): void {
    this.counts.set(choice.itemId, (this.counts.get(choice.itemId) ?? 0) + 1);
    const list = this.seen.get(unitId);
    if (list) list.push(choice.itemId);
    else this.seen.set(unitId, [choice.itemId]);
    this.sinceRefresh++;
  }
}
