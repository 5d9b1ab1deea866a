import { CERTAIN, FAILING_SHARE, LEAST_CHOICES, LEAST_FAILURES, LEVEL, TESTS } from './verdict.js';
import type { AuditFindings } from './verdict.js';

/** One thing that an audit looked at, as it stands in `verdictOf`. */
export interface AuditCheck {
  readonly key: string;
  readonly rule: string;
  /** What was found: a count, a share or a probability, as the rule says; null where it could not be looked at. */
  readonly value: number | null;
  /** What it is held against; see the rule for which side is wrong. */
  readonly threshold: number;
  /** Decisions at fault, or for tests those tested; null where it could not be looked at. */
  readonly affected: number | null;
  readonly state: 'ok' | 'alarm' | 'failed' | 'unknown';
}

/** The findings of an audit check by check: counts of broken decisions first, then the tests of chance. */
export function checksOf(findings: AuditFindings): AuditCheck[] {
  const { choices, decisions, failures, replays, slates, slotLaw } = findings;
  return [
    faults('sums', 'Probabilities of every decision sum to 1', choices.badSums, choices.choices),
    faults('floor', 'No candidate has less than the floor', choices.belowFloor, choices.choices),
    faults(
      'propensity',
      'The logged propensity is the probability of what was chosen',
      choices.mismatched,
      choices.choices,
    ),
    faults(
      'slates',
      'A slate’s propensity is the product of those of its places',
      slates.mismatched,
      slates.slates,
    ),
    placesCheck(slotLaw),
    failing(failures, decisions),
    test(
      'actions',
      'Actions are chosen as often as logged (chi-square, p)',
      choices.byAction?.p,
      choices.choices,
    ),
    test(
      'probabilities',
      'Probable choices are made as often as logged (chi-square, p)',
      choices.byProbability?.p,
      choices.choices,
    ),
    test('inverse', 'Inverse propensities average 1 (z test, p)', choices.inverse?.p, choices.choices),
    placesTest(slotLaw),
    {
      key: 'replays',
      rule: 'Decisions drawn again with their seed come out the same (number that differ)',
      value: replays.sampled === 0 ? null : replays.different,
      threshold: 0,
      affected: replays.sampled === 0 ? null : replays.different,
      state: replays.sampled === 0 ? 'unknown' : replays.different > 0 ? 'alarm' : 'ok',
    },
  ];
}

const placesCheck = (slotLaw: AuditFindings['slotLaw']): AuditCheck =>
  faults(
    'slots',
    'Each place of a slate was logged with its own probability',
    slotLaw?.mismatched ?? 0,
    slotLaw?.slates ?? 0,
  );

const placesTest = (slotLaw: AuditFindings['slotLaw']): AuditCheck =>
  test(
    'slot-law',
    'Each place of the slates is filled as often as its probabilities say (chi-square, least p times places)',
    slotLaw?.least ?? undefined,
    slotLaw?.slates ?? 0,
  );

/** A count of broken decisions: one is one too many. */
function faults(key: string, rule: string, count: number, of: number): AuditCheck {
  const none = of === 0 && count === 0;
  return {
    key,
    rule: `${rule} (number that break it)`,
    value: none ? null : count,
    threshold: 0,
    affected: none ? null : count,
    state: count > 0 ? 'failed' : none ? 'unknown' : 'ok',
  };
}

function failing(failures: number, decisions: number): AuditCheck {
  const share = decisions === 0 ? null : failures / decisions;
  return {
    key: 'failures',
    rule: `Decisions that could not be made: at most 5 %, or fewer than ${LEAST_FAILURES} (share)`,
    value: share,
    threshold: FAILING_SHARE,
    affected: failures,
    state: share === null ? 'unknown' : failures >= LEAST_FAILURES && share > FAILING_SHARE ? 'failed' : 'ok',
  };
}

/** A test of chance: an alarm at its part of the audit's level, failed where chance is no explanation. */
function test(key: string, rule: string, p: number | undefined, of: number): AuditCheck {
  const unknown = p === undefined;
  return {
    key,
    rule,
    value: p ?? null,
    threshold: LEVEL / TESTS,
    affected: unknown ? null : of,
    state: unknown
      ? 'unknown'
      : p < CERTAIN
        ? 'failed'
        : p < LEVEL / TESTS
          ? 'alarm'
          : of < LEAST_CHOICES
            ? 'unknown'
            : 'ok',
  };
}
