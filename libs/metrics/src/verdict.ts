import type { HealthFacts, HealthResult, Verdict } from './contract.js';
import { count, percent, pValueText, signedNumber, signedPercent } from './prose.js';
import { MULTIPLICITY_NAMES } from './report-families.js';
import type { ReportResult } from './report.contract.js';

export interface VerdictInput {
  readonly results: readonly ReportResult[];
  readonly health: readonly HealthResult[];
  readonly facts: Pick<HealthFacts, 'totalUnits' | 'daysRunning'>;
  readonly alpha: number;
  readonly minimumLift: number;
}

type Clause = Verdict['clauses'][number];

interface ArmCase {
  readonly arm: string;
  readonly decisions: readonly ReportResult[];
  readonly guardrails: readonly ReportResult[];
  readonly wins: readonly ReportResult[];
  readonly losses: readonly ReportResult[];
  readonly harmed: readonly ReportResult[];
  readonly guarded: boolean;
}

/** Warnings that say that the minimum is not reached: nothing but harm is decided before it. */
const TOO_EARLY: ReadonlySet<string> = new Set(['EARLY', 'PEEK']);

/**
 * The decision rule (after Schultzberg, Ankargren, Frånberg 2024, arXiv 2402.11609), in this order:
 * a blocking health check -> `fix-first`; no units for the decision metrics -> `stop` where a guardrail is clearly worse,
 * else `no-data`; after the minimum, an arm with a decision metric
 * clearly better, none clearly worse, every guardrail non-inferior and no failing check -> `ship`; a guardrail clearly worse -> `stop`;
 * before the minimum (a full week, 100 mature units an arm, the planned end of a fixed-size estimator) ->
 * `too-early`; clearly worse in every arm -> `stop`; else `wait`. Written out in docs/explanation/decision-rule.md.
 * Muting a check is no part of the input: it changes no verdict.
 */
export function decide(input: VerdictInput): Verdict {
  const blocking = input.health.filter((check) => check.status === 'fail' && check.blocks);
  if (blocking.length > 0) return fixFirst(blocking);
  const all = casesOf(input.results);
  const cases = all.filter(({ decisions }) => decisions.length > 0);
  const nothing = noData(cases);
  const harmful = all.find((arm) => arm.harmed.length > 0);
  if (nothing) return harmful ? stopForHarm(harmful, input) : nothing;
  const early = input.health.filter(({ warning }) => warning !== null && TOO_EARLY.has(warning));
  const shippable = cases.filter(
    (arm) => arm.wins.length > 0 && arm.losses.length === 0 && arm.guarded && arm.harmed.length === 0,
  );
  if (shippable.length > 0 && early.length === 0) {
    // The guardrail check speaks of all arms; that of the arm to ship is judged above.
    const failing = input.health.filter(({ key, status }) => status === 'fail' && key !== 'guardrail');
    const against = (arm: ArmCase): HealthResult[] => failing.filter((check) => concerns(check, arm));
    const sound = shippable.filter((one) => against(one).length === 0);
    const chosen = best(sound.length > 0 ? sound : shippable);
    return sound.length > 0 ? ship(chosen, input) : holdBack(chosen, against(chosen), input);
  }
  if (harmful) return stopForHarm(harmful, input);
  if (early.length > 0) return tooEarly(early, cases, input);
  if (cases.every((arm) => arm.losses.length > 0))
    return stopForLoss(cases[0] as ArmCase, cases.length, input);
  return wait(cases, input);
}

/** A check that judges arms apart holds back only those that it fails for. */
const concerns = ({ arms }: HealthResult, { arm }: ArmCase): boolean =>
  arms === undefined || arms.includes(arm);

function noData(cases: readonly ArmCase[]): Verdict | null {
  if (cases.length === 0)
    return verdict('no-data', 'Nothing to decide: there is no decision metric.', null, []);
  if (!cases.every(({ decisions }) => decisions.every(hasNoUnits))) return null;
  const sentence = 'No data yet: nobody has been exposed, or no unit is old enough to count.';
  return verdict('no-data', sentence, null, []);
}

function verdict(
  kind: Verdict['kind'],
  sentence: string,
  arm: string | null,
  clauses: readonly Clause[],
): Verdict {
  return { kind, sentence, arm, clauses };
}

function hasNoUnits({ effect }: ReportResult): boolean {
  return effect.control.n === 0 || effect.treatment.n === 0;
}

function casesOf(results: readonly ReportResult[]): ArmCase[] {
  const arms = [...new Set(results.map((result) => result.arm))];
  return arms.map((arm): ArmCase => {
    const own = results.filter((result) => result.arm === arm);
    const decisions = own.filter((result) => result.role === 'decision');
    const guardrails = own.filter((result) => result.role === 'guardrail');
    return {
      arm,
      decisions,
      guardrails,
      wins: decisions.filter((result) => result.direction === 'better'),
      losses: decisions.filter((result) => result.direction === 'worse'),
      // Worse, but proven to be within the tolerated margin, is what the margin is for.
      harmed: guardrails.filter((result) => result.direction === 'worse' && !isHeld(result)),
      guarded: guardrails.every(isHeld),
    };
  });
}

function isHeld(result: ReportResult): boolean {
  return (result.equivalence ?? result.nonInferiority)?.holds === true;
}

/** Among arms that may ship, the one with the largest gain on the first decision metric. */
function best(cases: readonly ArmCase[]): ArmCase {
  const gain = ({ decisions }: ArmCase): number => {
    const first = decisions[0] as ReportResult;
    return (first.effect.estimate ?? 0) * (first.betterWhen === 'higher' ? 1 : -1);
  };
  return cases.reduce((a, b) => (gain(b) > gain(a) ? b : a));
}

function fixFirst(blocking: readonly HealthResult[]): Verdict {
  const names = blocking.map((check) => check.title.toLowerCase()).join(' and ');
  return verdict(
    'fix-first',
    `Do not decide yet: the data are not sound (${names}). Fix the cause and start a new phase.`,
    null,
    blocking.map((check) => ({ text: check.explanation, evidence: check.key, holds: false })),
  );
}

function ship(arm: ArmCase, input: VerdictInput): Verdict {
  const what = arm.wins.map((result) => `${result.title} ${effectText(result)}`).join(', ');
  const guardrails = arm.guardrails.length > 0 ? ' and no guardrail is worse than tolerated' : '';
  return verdict('ship', `Ship ${arm.arm}: ${what}${guardrails}.`, arm.arm, clausesOf(arm, input));
}

function holdBack(arm: ArmCase, failing: readonly HealthResult[], input: VerdictInput): Verdict {
  const what = arm.wins.map((result) => `${result.title} ${effectText(result)}`).join(', ');
  const names = failing.map((check) => check.title.toLowerCase()).join(' and ');
  return verdict(
    'wait',
    `Wait with ${arm.arm}: it is better (${what}), but a health check fails (${names}).`,
    arm.arm,
    clausesOf(arm, input),
  );
}

function stopForHarm(arm: ArmCase, input: VerdictInput): Verdict {
  const what = arm.harmed.map((result) => `${result.title} ${effectText(result)}`).join(', ');
  return verdict(
    'stop',
    `Stop ${arm.arm}: a guardrail is clearly worse (${what}).`,
    arm.arm,
    clausesOf(arm, input),
  );
}

function stopForLoss(arm: ArmCase, arms: number, input: VerdictInput): Verdict {
  const what = arm.losses.map((result) => `${result.title} ${effectText(result)}`).join(', ');
  const sentence =
    arms > 1
      ? `Stop: every arm is clearly worse than the baseline (${arm.arm}: ${what}).`
      : `Stop ${arm.arm}: clearly worse (${what}).`;
  return verdict('stop', sentence, arm.arm, clausesOf(arm, input));
}

function tooEarly(early: readonly HealthResult[], cases: readonly ArmCase[], input: VerdictInput): Verdict {
  const arm = best(cases);
  // The first clause of the explanation says what is missing; the rest says why that matters.
  const missing = early.map(({ explanation }) => firstClause(explanation)).join(', ');
  const clauses = early.map((check): Clause => ({
    text: `${check.title}: not yet.`,
    evidence: check.explanation,
    holds: false,
  }));
  return verdict('too-early', `Too early to decide: ${missing}. So far, ${soFar(arm, input)}.`, arm.arm, [
    ...clauses,
    ...clausesOf(arm, input),
  ]);
}

function firstClause(sentence: string): string {
  const clause = (sentence.split(/[:;]/)[0] ?? sentence).replace(/\.$/, '');
  return clause.replace(/^The /, 'the ');
}

function soFar(arm: ArmCase, input: VerdictInput): string {
  const [clear] = [...arm.wins, ...arm.losses];
  if (!clear) return reasonToWait(arm, input);
  return `${clear.title} is ${clear.direction} in ${arm.arm} (${effectText(clear)})`;
}

function wait(cases: readonly ArmCase[], input: VerdictInput): Verdict {
  const arm = best(cases.filter(({ losses }) => losses.length === 0));
  return verdict('wait', `Wait: ${reasonToWait(arm, input)}.`, arm.arm, clausesOf(arm, input));
}

function reasonToWait(arm: ArmCase, input: VerdictInput): string {
  if (arm.wins.length > 0) {
    const open = arm.guardrails.filter((result) => !isHeld(result)).map((result) => result.title);
    return `${(arm.wins[0] as ReportResult).title} is better, but ${open.join(', ')} ${open.length > 1 ? 'are' : 'is'} not yet shown to be within the tolerated margin`;
  }
  const first = arm.decisions[0] as ReportResult;
  if (first.effect.status !== 'ok')
    return `${first.title} cannot be judged yet (${REASONS[first.effect.reason ?? ''] ?? 'no interval yet'})`;
  if (isNegligible(first, input.minimumLift)) {
    return `there is no difference that matters in ${first.title} (any lift is below ${percent(input.minimumLift, 0)}); more data will hardly change that`;
  }
  return `${first.title} is not decided (${effectText(first)})${neededText(first, input)}`;
}

const REASONS: Record<string, string> = {
  burn_in: 'fewer than 100 units in an arm, or hardly any outcomes',
  insufficient_units: 'fewer than two units in an arm',
  zero_variance: 'every unit has the same value',
  denominator_zero: 'nothing to divide by in an arm',
  no_common_period: 'under no allocation do both arms have 100 units',
  no_planned_looks: 'the group sequential method needs planned units and looks',
  no_error_to_spend: 'too early for a first look',
};

/** The whole lift interval lies within the lifts that do not matter. */
function isNegligible({ effect }: ReportResult, minimumLift: number): boolean {
  const interval = effect.relative.interval;
  if (effect.relative.status !== 'ok' || !interval || interval.lower === null || interval.upper === null)
    return false;
  return interval.lower > -minimumLift && interval.upper < minimumLift;
}

function neededText(result: ReportResult, { facts, minimumLift }: VerdictInput): string {
  const missing = result.unitsNeededPerArm;
  if (missing === null) return '';
  if (missing === 0) return '; the experiment is large enough, so a lift that matters is not to be expected';
  const have = (result.effect.control.n + result.effect.treatment.n) / 2;
  const days =
    facts.daysRunning !== null && facts.daysRunning > 0 ? (facts.daysRunning * missing) / have : null;
  const time = days === null || days < 1 ? '' : `, about ${count(days)} days at the present rate`;
  return `; to find a lift of ${percent(minimumLift, 0)}, about ${count(missing)} more units per arm are needed${time}`;
}

/** "+3.1 % (95 % interval +1.0 % to +5.2 %)", or the absolute difference where there is no lift. */
function effectText({ effect }: ReportResult): string {
  const { relative, interval } = effect;
  const ends = relative.status === 'ok' ? relative.interval : interval;
  const estimate = relative.status === 'ok' ? relative.estimate : effect.estimate;
  if (estimate === null || !ends || ends.lower === null || ends.upper === null)
    return 'without an interval yet';
  const text = relative.status === 'ok' ? signedPercent : signedNumber;
  return `${text(estimate)}, ${Math.round(ends.level * 1000) / 10} % interval ${text(ends.lower)} to ${text(ends.upper)}`;
}

function evidenceOf(result: ReportResult): string {
  const { bayes } = result.effect;
  if (bayes)
    return `${effectText(result)}; chance to be better ${percent(bayes.probabilityBetter, 1)}; ${result.effect.estimator}`;
  const p = result.pValueAdjusted;
  return `${effectText(result)}${p === null ? '' : `; ${pValueText(p)}${result.multiplicity === 'none' ? '' : ` (${MULTIPLICITY_NAMES[result.multiplicity]})`}`}; ${result.effect.estimator}`;
}

function clausesOf(arm: ArmCase, { health }: VerdictInput): Clause[] {
  const decisions = arm.decisions.map((result): Clause => {
    const words = { better: 'is better', worse: 'is worse', unclear: 'is not clearly different' };
    return {
      text: `${result.title} ${words[result.direction]} in ${arm.arm}.`,
      evidence: evidenceOf(result),
      holds: result.direction === 'better',
    };
  });
  const guardrails = arm.guardrails.map((result): Clause => {
    const test = result.equivalence ?? result.nonInferiority;
    const both = result.equivalence !== null;
    const margin = percent(test?.margin ?? 0, 0);
    const p = test?.pValue ?? null;
    return {
      text: isHeld(result)
        ? `${result.title} is not ${both ? 'worse or better' : 'worse'} by ${margin} or more.`
        : `${result.title} is not yet shown to be within ${margin} of the baseline.`,
      evidence: `${effectText(result)}${p === null ? '' : `; ${both ? 'equivalence' : 'non-inferiority'} ${pValueText(p)}`}`,
      holds: isHeld(result),
    };
  });
  const unsound = health.filter((check) => check.status === 'fail' && concerns(check, arm));
  const soundness: Clause = {
    text:
      unsound.length === 0
        ? 'The data are sound: no health check fails.'
        : `Some health checks fail: ${unsound.map((check) => check.title).join(', ')}.`,
    evidence: health.map((check) => `${check.key} ${check.status}`).join(', '),
    holds: unsound.length === 0,
  };
  return [...decisions, ...guardrails, soundness];
}
