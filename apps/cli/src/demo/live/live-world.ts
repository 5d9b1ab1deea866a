import {
  browsePage,
  cancelHazard,
  createMemberState,
  createStage,
  demoReleases,
  memberOf,
  isReachable,
  playMessage,
  playNotification,
  playSession,
  sessionsPerDay,
  Visit,
  type MemberState,
  type Play,
  type Stage,
  type World,
} from '#simulation';
import { createRng, type Rng } from '#experiments';

/** Share of visits that begin with a notification instead of an opened app. */
const notifiedShare = 0.15;
/** Of the other visits of members with a phone, those that are questions whether to send a message. */
const askedShare = 0.2;

/** Of the visits that open the app, those in which it asks for its home page as a whole. */
const pageShare = 0.3;

/** The members of a running service: who comes next, who leaves, who joins in their place. */
export class LiveWorld {
  private readonly states: MemberState[];
  private readonly stage: Stage;
  private readonly rng: Rng;
  private visits = 0;
  private next: number;

  /** @param run part of every event id; must differ from that of any earlier process. */
  constructor(
    private readonly world: World,
    private readonly run: string,
    /** Members who cancelled in earlier runs, and how many have ever existed. */
    past: { readonly gone: readonly string[]; readonly members: number },
  ) {
    this.rng = createRng(`live/${run}`);
    // Everything that comes later has come: the newest title with the live traffic itself.
    this.stage = createStage(world, `live-${run}`, { from: 0, releases: demoReleases(world.seed, 0, 0) });
    this.next = Math.max(past.members, world.members.length);
    const gone = new Set(past.gone);
    const joined = Array.from({ length: this.next - world.members.length }, (_, i) =>
      memberOf(world.seed, world.members.length + i),
    );
    this.states = [...world.members, ...joined].filter(({ id }) => !gone.has(id)).map(createMemberState);
    this.gone = [...gone];
  }

  /** Ids of the members who cancelled. */
  readonly gone: string[];

  /** How many members have ever existed. */
  get members(): number {
    return this.next;
  }

  /** A member by how often each comes, and what the visit will be. */
  begin(at: number): { visit: Visit; play: Play<void> } {
    const index = this.drawMember();
    const state = this.states[index] as MemberState;
    const visit = new Visit(this.stage, state, createRng(`live/${this.run}/${this.visits++}`), at);
    return { visit, play: this.withEnd(visit, index) };
  }

  private drawMember(): number {
    // Rejection: no member comes more than a few times a day.
    for (;;) {
      const index = this.rng.below(this.states.length);
      const state = this.states[index] as MemberState;
      if (this.rng.uniform() * 2.5 < sessionsPerDay(state.member, state.satisfaction)) return index;
    }
  }

  private visitOf(visit: Visit): Play<void> {
    if (visit.chance(notifiedShare)) return playNotification(visit);
    const asks = isReachable(visit.state.member) && visit.chance(askedShare);
    if (asks) return playMessage(visit);
    return visit.chance(pageShare) ? playSession(visit, browsePage) : playSession(visit);
  }

  private *withEnd(visit: Visit, index: number): Play<void> {
    yield* this.visitOf(visit);
    const { state } = visit;
    const perVisit =
      cancelHazard(state.member, state.satisfaction) / sessionsPerDay(state.member, state.satisfaction);
    if (!state.active || !visit.chance(perVisit)) return;
    state.active = false;
    visit.outcome('cancel');
    this.gone.push(state.member.id);
    this.states[index] = createMemberState(memberOf(this.world.seed, this.next++));
  }
}
