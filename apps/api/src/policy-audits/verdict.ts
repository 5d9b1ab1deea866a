import type { PropensityFindings } from './propensity-sums.js';
import type { SlotLawFindings } from './slot-law.js';
import type { SlateFindings } from './slot-sums.js';

export type AuditStatus = 'ok' | 'too-few' | 'alarm' | 'failed';

/** What one audit found about all decisions of its time. */
export interface AuditFindings {
  readonly decisions: number;
  /** Decisions that the policy failed to make: it threw, or its probabilities were none. */
  readonly failures: number;
  /** Draws with a seed that had been drawn with before; steady draws repeat themselves and prove nothing. */
  readonly repeated: number;
  readonly choices: PropensityFindings;
  readonly slates: SlateFindings;
  readonly replays: { readonly sampled: number; readonly different: number };
  /** Absent in audits of before it was looked at. */
  readonly slotLaw?: SlotLawFindings;
}

export interface AuditVerdict {
  readonly status: AuditStatus;
  /** One sentence each; empty when all is well. */
  readonly reasons: readonly string[];
}

/** Level of the tests of chance together; each is held against its part of it. */
export const LEVEL = 0.001;
export const TESTS = 4;
/** So improbable that chance is no explanation, however often audits run: worth taking a version out of service. */
export const CERTAIN = 1e-7;
export const LEAST_CHOICES = 200;
/** So many decisions that a policy failed to make are a reason to look, whatever the hour. */
export const LEAST_FAILURES = 20;
export const FAILING_SHARE = 0.05;

/**
 * What the findings amount to. `failed`: the version must not go on serving (broken probabilities, or choices that do not
 * follow them beyond any doubt). `alarm`: somebody should look. Tests of chance raise an alarm at level .001 per audit.
 */
export function verdictOf(findings: AuditFindings): AuditVerdict {
  const failed = [...brokenReasons(findings), ...testReasons(findings, CERTAIN)];
  if (failed.length > 0) return { status: 'failed', reasons: failed };
  const alarms = testReasons(findings, LEVEL / TESTS);
  const { sampled, different } = findings.replays;
  if (different > 0) {
    alarms.push(
      `${different} of ${sampled} decisions, drawn again with their seed, come out differently: code or data changed without a new version.`,
    );
  }
  if (alarms.length > 0) return { status: 'alarm', reasons: alarms };
  const few = findings.choices.choices + findings.slates.slates < LEAST_CHOICES;
  return { status: few ? 'too-few' : 'ok', reasons: [] };
}

function brokenReasons({ decisions, failures, choices, slates, slotLaw }: AuditFindings): string[] {
  const reasons: string[] = [];
  const say = (count: number, what: string): void => {
    if (count > 0) reasons.push(`${count} decisions ${what}.`);
  };
  say(choices.badSums, 'have probabilities that do not sum to 1');
  say(choices.belowFloor, 'have a probability below the floor');
  say(choices.mismatched, 'were logged with another propensity than the probability of what was chosen');
  say(slates.mismatched, 'have a slate whose propensity is not the product of those of its places');
  say(
    slotLaw?.mismatched ?? 0,
    'have a slate with the right propensity as a whole and wrong ones in its places',
  );
  if (failures >= LEAST_FAILURES && failures > FAILING_SHARE * decisions)
    say(failures, `of ${decisions} could not be made: the policy threw or its probabilities were none`);
  return reasons;
}

function testReasons({ choices, slotLaw }: AuditFindings, level: number): string[] {
  const { byAction, byProbability, inverse } = choices;
  const reasons: string[] = [];
  const say = (p: number | undefined, what: string): void => {
    if (p !== undefined && p < level)
      reasons.push(`${what} (p = ${p.toExponential(1)}): what is logged is not what is drawn from.`);
  };
  say(byAction?.p, 'Actions are not chosen as often as their logged probabilities say');
  say(byProbability?.p, 'Probable choices are not made as often as their logged probabilities say');
  say(inverse?.p, 'Inverse propensities do not average 1');
  say(slotLaw?.least ?? undefined, worstSlot(slotLaw));
  return reasons;
}

function worstSlot(found: SlotLawFindings | undefined): string {
  const worst = found?.slots.find(({ adjusted }) => adjusted === found.least);
  return `Place ${(worst?.slot ?? 0) + 1} of the slates is not filled as often as its probabilities say`;
}
