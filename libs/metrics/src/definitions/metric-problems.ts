import type { Measure, MetricDefinition } from '../contract.js';
import { OUTCOME_NAMES } from './outcomes.js';

const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

function measureProblems(name: string, measure: Measure): string[] {
  const problems: string[] = [];
  const unknown = measure.events.filter((event) => !OUTCOME_NAMES.some((known) => known === event));
  if (unknown.length > 0) problems.push(`${name}: ${unknown.join(', ')} is no known outcome`);
  if (measure.fold === 'exposures' ? measure.events.length > 0 : measure.events.length === 0) {
    problems.push(`${name}: exposures name no outcomes, every other fold names some`);
  }
  if (measure.days && !(measure.days[0] >= 0 && measure.days[1] > measure.days[0]))
    problems.push(`${name}: days must be [from, to) with to > from >= 0`);
  if (measure.scale !== undefined && !(measure.scale > 0)) problems.push(`${name}: scale must be positive`);
  return problems;
}

function shapeProblems(metric: MetricDefinition): string[] {
  const problems: string[] = [];
  if ((metric.kind === 'ratio') !== (metric.denominator !== undefined))
    problems.push('a ratio, and only a ratio, has a denominator');
  if (['proportion', 'retention'].includes(metric.kind) && metric.numerator.fold !== 'any')
    problems.push(`a ${metric.kind} folds by any`);
  if (metric.kind === 'retention' && !metric.numerator.days) problems.push('retention names its day');
  return problems;
}

function guardrailProblems({ family, guardrailMargin: margin }: MetricDefinition): string[] {
  if (margin === undefined) {
    return family === 'guardrail' ? ['a guardrail states the deterioration it tolerates'] : [];
  }
  return margin > 0 && margin < 1 ? [] : ['guardrailMargin is a share between 0 and 1'];
}

function timeProblems({ numerator, denominator, maturityDays, covariateDays }: MetricDefinition): string[] {
  const problems: string[] = [];
  const lastDay = Math.max(numerator.days?.[1] ?? 0, denominator?.days?.[1] ?? 0);
  if (maturityDays < lastDay) {
    problems.push(`units enter only when all their days are over: maturityDays must be at least ${lastDay}`);
  }
  if (covariateDays !== undefined && !(covariateDays > 0)) problems.push('covariateDays must be positive');
  return problems;
}

/** What is wrong with a metric as defined, in plain words; empty: nothing. Checked by tests and at boot. */
export function metricProblems(metric: MetricDefinition): string[] {
  const problems = KEBAB.test(metric.key) ? [] : ['the key is lower case words joined by hyphens'];
  if (metric.title.length < 3 || metric.description.length < 20) {
    problems.push('title and description are for people: say what it measures');
  }
  return [
    ...problems,
    ...measureProblems('numerator', metric.numerator),
    ...(metric.denominator ? measureProblems('denominator', metric.denominator) : []),
    ...shapeProblems(metric),
    ...timeProblems(metric),
    ...guardrailProblems(metric),
  ];
}
