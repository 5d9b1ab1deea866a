import { conditionSources, createAssignmentEngine, explainCondition, slotUnit } from '#experiments';
import type { Assignment, AssignmentStep, Experiment, Json } from '#experiments';
import type { CatalogConfig } from './catalog-data.js';
import type { PlacedEntry } from './deal.js';
import { slateOf } from './decision-view.js';
import type { DecisionRow } from './decisions.store.js';

export interface TargetingClause {
  readonly clause: string;
  readonly actual: Json;
  readonly expected: Json;
  readonly passed: boolean;
}

export interface PathExplanation {
  readonly path: readonly AssignmentStep[];
  /** Whether the path below leads to the arm that was really served. */
  readonly same: boolean;
  /** Why the path may not be the one that was taken; null when it is. */
  readonly note: string | null;
  readonly targeting: readonly TargetingClause[];
}

/**
 * Walks the assignment again, with the experiment as it was in the decision's phase and everything else as it is now.
 * @param then the decision's experiment in its phase; null where it has none, or that phase is not kept.
 */
export function explainPath(
  row: DecisionRow,
  config: CatalogConfig,
  then: Experiment | null,
): PathExplanation {
  const experiments = then ? replaced(config.experiments, running(then, row)) : config.experiments;
  const unit = { unitId: askedUnit(row, then), unitType: row.unit_type };
  // Experiments may be targeted by what policies are not told.
  const said = { ...row.context, ...row.audit };
  let answer: Assignment;
  try {
    answer = createAssignmentEngine({ ...config, experiments }).explain(
      unit,
      row.surface,
      said,
      row.at.getTime(),
    );
  } catch (error) {
    return {
      path: [],
      same: false,
      note: `The path cannot be walked again: ${(error as Error).message}`,
      targeting: [],
    };
  }
  const same =
    (answer.experiment?.key ?? null) === row.experiment &&
    (answer.arm?.key ?? null) === row.arm &&
    answer.holdout === row.holdout;
  const sources = conditionSources(config);
  const targeting = then ? explainCondition(then.targeting, said, unit.unitId, sources).clauses : [];
  return {
    path: answer.path,
    same,
    note: same ? null : noteFor(row, then),
    targeting: targeting.map(({ clause, actual, expected, passed }) => ({
      clause,
      actual,
      expected,
      passed,
    })),
  };
}

/** A switchback records the unit of a slot, `fr@2026-11-26T20:30Z`; what was asked for stands before it. */
const askedUnit = ({ unit_id: id }: DecisionRow, then: Experiment | null): string =>
  (then?.switchback ? slotUnit(id)?.id : null) ?? id;

function noteFor(row: DecisionRow, then: Experiment | null): string {
  if (row.experiment !== null && then === null) {
    return `The experiment "${row.experiment}" is no longer kept as it was; the path shows what would happen now.`;
  }
  return 'The configuration has changed since the decision; the path shows what would happen now.';
}

/** A stopped experiment is walked as it ran; a shipped or paused one as it served this decision. */
function running(experiment: Experiment, row: DecisionRow): Experiment {
  if (row.reason === 'SHIPPED') return { ...experiment, status: 'shipped', shippedArm: row.arm };
  if (row.reason === 'PAUSED') return { ...experiment, status: 'paused', pausedArm: row.arm };
  return { ...experiment, status: 'running' };
}

function replaced(all: readonly Experiment[], one: Experiment): Experiment[] {
  const index = all.findIndex((experiment) => experiment.key === one.key);
  return index < 0 ? [...all, one] : all.map((experiment, i) => (i === index ? one : experiment));
}

const REASONS: Readonly<Record<string, string>> = {
  HOLDOUT: 'it belongs to a holdout, which always gets the default',
  NOT_ELIGIBLE: 'no experiment on this surface is meant for it',
  EXCLUDED: 'it is outside the share of traffic of the experiments on this surface',
  NO_EXPERIMENT: 'no experiment runs on this surface',
  PAUSED: 'the experiment is paused',
  UNKNOWN_SURFACE: 'the surface is not registered',
  FORCED: 'a tester asked for it',
  NO_CANDIDATES: 'there was nothing to choose from',
  FALLBACK_ERROR: 'the policy failed',
  FALLBACK_TIMEOUT: 'the policy was too slow',
  FALLBACK_INVALID: 'what the arm or its policy asked for was not valid',
  FALLBACK_NO_SNAPSHOT: 'the policy had no usable snapshot',
};

const percent = (share: number): string =>
  share > 0 && share < 0.001 ? 'less than 0.1 %' : `${Number((share * 100).toPrecision(3))} %`;

/** Names for ids, where known. */
export interface Titles {
  readonly experiment: string | null;
  readonly policy: string | null;
  item(id: string): string;
}

/** Says in one plain sentence why this was served. */
export function sentenceOf(row: DecisionRow, titles: Titles): string {
  const who = `The ${row.unit_type} "${row.unit_id}"`;
  const what = whatOf(row, titles.item);
  const place =
    row.subject === null ? `on "${row.surface}"` : `for "${titles.item(row.subject)}" on "${row.surface}"`;
  const because = REASONS[row.reason];
  if (row.reason === 'FORCED')
    return `${who} got ${what} ${place}, because a tester asked for it: ${row.fallback ?? ''}. It counts for no experiment.`;
  if (row.fallback !== null)
    return `${who} got the default, ${what}, ${place}, because ${because ?? 'something failed'} (${row.fallback}).`;
  if (because !== undefined) return `${who} got the default, ${what}, ${place}, because ${because}.`;
  const how = armOf(row, titles);
  if (row.policy_key === null || row.policy_version === null)
    return `${who} got ${what} ${place}, because ${how}.`;
  const learned =
    row.policy_version === 0 ? 'before it had learned anything' : `in version ${row.policy_version}`;
  const policy = titles.policy ?? row.policy_key;
  const unknown =
    row.reason === 'NOT_PERSONALISED' ? ', as for somebody new, because it asked not to be known' : '';
  return `${who} got ${what} ${place}: ${how}, and there the policy "${policy}" chose it ${learned} with a probability of ${percent(row.propensity)}${rankOf(row)}${unknown}.${withheldText(row, titles.item)}`;
}

/** Says that the choice, or part of it, was kept back, where it was. */
function withheldText(row: DecisionRow, title: (id: string) => string): string {
  const { withheld, withhold_propensity: share } = row;
  if (withheld !== true || share === null) return '';
  if (row.kind !== 'slate')
    return ` It was withheld, as ${percent(share)} of the policy's choices are, so nothing was shown: that measures what showing brings.`;
  const kept = (slateOf(row.chosen) as readonly PlacedEntry[]).flatMap(({ id, instead }) =>
    instead === undefined ? [] : [`"${title(instead)}" stood in for "${title(id)}"`],
  );
  return ` By lot, ${kept.join(', and ')}: that measures what showing brings.`;
}

function armOf(row: DecisionRow, titles: Titles): string {
  const arm = `arm "${row.arm ?? ''}" of "${titles.experiment ?? row.experiment ?? ''}"`;
  if (row.reason === 'SHIPPED') return `${arm} has been shipped to everybody`;
  if (row.reason === 'PAUSED') return `the experiment is paused, and all its units get ${arm}`;
  return `it is in ${arm}, as ${percent(row.arm_propensity)} of the experiment's units are`;
}

function whatOf(row: DecisionRow, title: (id: string) => string): string {
  if (row.kind === 'value') return JSON.stringify(row.chosen).slice(0, 80);
  if (row.kind === 'action') return row.chosen === null ? 'nothing' : `"${title(String(row.chosen))}"`;
  const slate = slateOf(row.chosen);
  const first = slate
    .slice(0, 3)
    .map(({ id }) => `"${title(id)}"`)
    .join(', ');
  return slate.length === 0
    ? 'an empty slate'
    : `the order ${first}${slate.length > 3 ? ', ...' : ''} (${slate.length} of ${row.candidates.length})`;
}

function rankOf(row: DecisionRow): string {
  if (row.kind !== 'action' || row.probabilities === null || row.probabilities.length < 2) return '';
  const higher = row.probabilities.filter((probability) => probability > row.propensity).length;
  const of = `of ${row.probabilities.length} candidates`;
  return higher === 0 ? `, the highest ${of}` : `, number ${higher + 1} ${of}`;
}
