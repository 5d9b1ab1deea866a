import type { Member } from './members.js';

/** What changes in a member's life; one per member and simulation. */
export interface MemberState {
  readonly member: Member;
  /** In [0, 1]. */
  satisfaction: number;
  /** False once cancelled: cancelled members never come back. */
  active: boolean;
  /** Title left unfinished, for the row "Continue watching". */
  unfinished: string | null;
  listed: number;
  /** Ids of the titles played last, the newest last: what the app sends as `history`. */
  watched: readonly string[];
  sessions: number;
  /** Times of the newest visits and messages, Unix milliseconds, the newest last. */
  visits: readonly number[];
  notified: readonly number[];
  /** Times at which a message was sent or withheld by lot: what the sender counts against its caps. */
  counted: readonly number[];
  /** Counts events, so that each has an id of its own. */
  events: number;
}

export function createMemberState(member: Member): MemberState {
  return {
    member,
    satisfaction: member.satisfaction,
    active: true,
    unfinished: null,
    listed: 0,
    watched: [],
    sessions: 0,
    events: 0,
    visits: [],
    notified: [],
    counted: [],
  };
}
