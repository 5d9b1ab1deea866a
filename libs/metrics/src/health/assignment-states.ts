/** What may be wrong with the assignment of a unit, in the order in which rules are asked: the first leaves it out. */
export const ASSIGNMENT_STATES = [
  'two-arms',
  'identity-switch',
  'late-fallback',
  'exposure-without-decision',
  'decision-without-exposure',
] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];

/**
 * States that a rule may leave out of a report or keep in it. Units with decisions and no exposure have seen nothing, and
 * no rule brings them in.
 */
export const EXCLUDABLE_STATES = [
  'two-arms',
  'identity-switch',
  'late-fallback',
  'exposure-without-decision',
] as const satisfies readonly AssignmentState[];
export type ExcludableState = (typeof EXCLUDABLE_STATES)[number];

/** How reports treat units whose assignment went wrong, and from when on it is an alarm. */
export interface AssignmentRules {
  /** Whether reports leave out the units of a state. */
  readonly exclude: Readonly<Record<ExcludableState, boolean>>;
  /** Share of units from which a state is an alarm. */
  readonly thresholds: Readonly<Record<AssignmentState, number>>;
  /** An exposure that comes more than this many seconds after its decision is late. */
  readonly lateAfterSeconds: number;
}

/**
 * A lost exposure alone biases nobody who is counted through another one, so those units stay in. An answer may be kept
 * by a client for a day; an exposure after that is of something that was no longer valid.
 */
export const DEFAULT_ASSIGNMENT_RULES: AssignmentRules = {
  exclude: {
    'two-arms': true,
    'identity-switch': true,
    'late-fallback': true,
    'exposure-without-decision': false,
  },
  thresholds: {
    'two-arms': 0.01,
    'identity-switch': 0.01,
    'late-fallback': 0.01,
    'exposure-without-decision': 0.01,
    'decision-without-exposure': 0.5,
  },
  lateAfterSeconds: 86_400,
};

/** Words for a state: what it is, what it does to a report, where it comes from and what to do. */
export interface AssignmentStateText {
  readonly title: string;
  readonly meaning: string;
  readonly causes: readonly string[];
  readonly next: readonly string[];
}

export const ASSIGNMENT_STATE_TEXTS: Readonly<Record<AssignmentState, AssignmentStateText>> = {
  'two-arms': {
    title: 'Units in several arms',
    meaning:
      'The unit was exposed to more than one arm. What it did cannot be put down to either, which draws the arms together.',
    causes: [
      'The unit id changes between requests, e.g. signed out and signed in',
      'The allocation was changed within a phase',
      'Several people share one unit id',
    ],
    next: [
      'Search decisions by one of these units and see when its arm changed',
      'Send one id that stays the same through signing in',
      'Start a new phase once it is fixed',
    ],
  },
  'identity-switch': {
    title: 'Identity switches',
    meaning:
      'One person was counted under two ids, or an exposure was sent for another unit than its decision was made for. The person may have seen both arms, and counts twice or not at all.',
    causes: [
      'An anonymous id and a member were both seen before they were linked',
      'The id in the client changes between the decision and the exposure',
      'Exposures of an experiment on devices or households are sent for the member',
    ],
    next: [
      'Link the ids at the moment of signing in (POST /v1/identities), before the first decision of the member',
      'Send exposures by the decision’s id alone (POST /v1/exposures)',
      'Choose a unit type that does not change at signing in, e.g. device',
    ],
  },
  'late-fallback': {
    title: 'Late and fallback exposures',
    meaning:
      'The client showed its own default first, or the exposure came long after the decision. The unit counts for an arm that it did not see in time.',
    causes: [
      'The client’s time-out is shorter than the answer takes',
      'A kept answer is shown although it is no longer valid',
      'Events wait on a device that is offline',
    ],
    next: [
      'Compare the client’s time-out with the time that answers take (Operations)',
      'Keep the default for the whole visit once it was shown, and expose nothing',
      'Shorten the time for which the client keeps answers',
    ],
  },
  'exposure-without-decision': {
    title: 'Exposures without decision',
    meaning:
      'A unit of this experiment sent an exposure whose decision is not stored. The exposure counts for nothing; if one arm loses more of them, its units are missing.',
    causes: [
      'A client sends an id of its own making',
      'Exposures from another environment',
      'Decisions are under way in a spool',
    ],
    next: [
      'Compare the decision ids that clients send with those that were answered',
      'Look at the spool under Operations',
    ],
  },
  'decision-without-exposure': {
    title: 'Decisions without exposure',
    meaning:
      'The unit got a decision and was never exposed, so it is in no report. Prefetching makes many of them, which is harmless as long as both arms have the same share.',
    causes: [
      'Answers are fetched ahead and never shown',
      'One arm crashes, redirects or loads too slowly to report what was seen',
      'The exposure call is missing on one platform',
    ],
    next: [
      'Compare the shares of the arms: a difference is a fault in one of them',
      'Send the exposure from the same place in every arm',
    ],
  },
};

/** The states that are left out, as one text: equal when the same units are. */
export const exclusionsOf = ({ exclude }: AssignmentRules): string =>
  EXCLUDABLE_STATES.filter((state) => exclude[state]).join(' ');
