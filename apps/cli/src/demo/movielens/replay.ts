import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEvent } from '#simulation';
import { withPatience, type ApiClient } from '../api-client.js';
import type { EventSender } from '../event-sender.js';
import { runPooled } from '../pool.js';
import type { Progress } from '../progress.js';
import { train } from '../training.js';
import { Past, type PlannedSession, type Question } from './candidates.js';
import type { Choice, Session } from './load.js';
import { movielensSurface, trainedPolicy } from './set-up.js';

export interface ReplayOptions {
  readonly seed: string;
  /** Part of every event id. */
  readonly run: string;
  readonly perSession: number;
  /** Stop after so many decisions. */
  readonly limit: number;
}

export interface ArmTally {
  decisions: number;
  hits: number;
}

/** Places of a slate that a member looks at, and how many popular others stand for choice beside the true one. */
const seenPlaces = 10;
const otherCandidates = 49;
/** Share of all sessions that only teaches, before the first question. */
const teachingShare = 0.1;
const trainings = 8;
const sessionsAtOnce = 16;
const patienceMs = 120_000;
/** From acknowledged events to rows that a training run reads. */
const settleMs = 2_000;

/** Plans every session in order of time; what a question knows depends on nothing but the data and the seed. */
export function planReplay(sessions: readonly Session[], options: ReplayOptions): PlannedSession[] {
  const past = new Past(options.seed, otherCandidates);
  const teaching = Math.floor(sessions.length * teachingShare);
  let left = options.limit;
  const planned: PlannedSession[] = [];
  for (const [index, session] of sessions.entries()) {
    if (left <= 0) break;
    const plan = past.plan(session, index < teaching ? 0 : Math.min(left, options.perSession));
    left -= plan.questions.length;
    planned.push(plan);
  }
  return planned;
}

/** Sends the planned sessions to the API in order of time, with training runs between. */
export class MovielensReplay {
  /** Arm to what was asked and found. */
  readonly tallies = new Map<string, ArmTally>();
  decisions = 0;
  private events = 0;

  constructor(
    private readonly api: ApiClient,
    private readonly sender: EventSender,
    private readonly options: ReplayOptions,
    private readonly progress: Progress,
  ) {}

  async run(planned: readonly PlannedSession[]): Promise<void> {
    const first = planned.findIndex((plan) => plan.questions.length > 0);
    if (first < 0)
      throw new Error('The data set is too small: no session has enough titles before it to choose from.');
    await this.play(planned.slice(0, first));
    const step = Math.ceil((planned.length - first) / trainings);
    for (let i = first; i < planned.length; i += step) {
      await this.learn();
      await this.play(planned.slice(i, i + step));
    }
    await this.sender.flush();
  }

  private async play(part: readonly PlannedSession[]): Promise<void> {
    await runPooled(part, sessionsAtOnce, async (plan) => {
      await this.playSession(plan);
      if (this.sender.backlog >= 500) await this.sender.flush();
    });
    await this.sender.flush();
  }

  private async learn(): Promise<void> {
    await sleep(settleMs);
    await train(this.api, trainedPolicy, `${this.options.seed}/${this.decisions}`);
  }

  private async playSession({ session, questions, others }: PlannedSession): Promise<void> {
    this.emit(session.unitId, 'session_start');
    for (const question of questions) await this.askAndAnswer(session.unitId, question);
    for (const { itemId, stars } of others) {
      this.emit(session.unitId, 'chosen', { itemId });
      this.emit(session.unitId, 'rating', { itemId, value: stars });
    }
  }

  private async askAndAnswer(unitId: string, { choice, candidates, history }: Question): Promise<void> {
    const request = {
      unitId,
      unitType: 'member',
      context: { history },
      // The whole order is asked for, so that a policy can also learn from what was chosen far down.
      requests: [{ surface: movielensSurface, actions: candidates.map((id) => ({ id })) }],
    };
    const [served] = await withPatience(() => this.api.treatments(request), patienceMs);
    if (!served) throw new Error('The API gave no treatment for the slate.');
    const { itemId } = choice;
    const { decisionId } = served;
    const position = (served.slate ?? []).findIndex((entry) => entry.id === itemId);
    this.emitEvent({ kind: 'exposure', unitId, decisionId });
    this.emit(unitId, 'chosen', {
      itemId,
      ...(position >= 0 ? { decisionId, actionId: itemId, position } : {}),
    });
    const hit = position >= 0 && position < seenPlaces;
    // A title that stood too far down was found elsewhere: played all the same, but no merit of the slate.
    this.take(unitId, choice, hit ? { decisionId, actionId: itemId, position } : undefined);
    this.count(served.arm, hit);
  }

  private take(unitId: string, choice: Choice, cause?: Partial<ClientEvent>): void {
    const { itemId } = choice;
    if (cause) this.emit(unitId, 'click', { itemId, ...cause });
    this.emit(unitId, 'play', { itemId, ...cause });
    this.emit(unitId, 'rating', { itemId, value: choice.stars, ...cause });
  }

  private count(arm: string | null, hit: boolean): void {
    const key = arm ?? 'no arm';
    const tally = this.tallies.get(key) ?? { decisions: 0, hits: 0 };
    this.tallies.set(key, tally);
    tally.decisions++;
    if (hit) tally.hits++;
    this.progress.set(++this.decisions);
  }

  private emit(unitId: string, name: string, detail: Partial<ClientEvent> = {}): void {
    this.emitEvent({ kind: 'outcome', unitId, name, ...detail });
  }

  private emitEvent(event: Omit<ClientEvent, 'id' | 'at'>): void {
    this.sender.add({
      ...event,
      id: `ml-${this.options.run}-${this.events++}`,
      at: new Date().toISOString(),
    });
  }
}
