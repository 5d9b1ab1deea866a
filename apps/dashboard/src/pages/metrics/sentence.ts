import type { EventCondition, EventSelection, Measure, MetricBody } from '../../api/types-metrics.js';
import { operator } from '../../format/words.js';
import { decimal, percent } from '../../format/number.js';

const anyOf = (names: readonly string[]): string =>
  names.length === 0 ? '…' : names.map((name) => `“${name}”`).join(' or ');

const FIELDS: Readonly<Record<string, string>> = {
  value: 'its value',
  position: 'its position',
  itemId: 'its item',
  actionId: 'its action',
  hour: 'the hour of day',
  device: 'the device',
};

function fieldText(field: string): string {
  const [kind, name] = [field.slice(0, field.indexOf(':')), field.slice(field.indexOf(':') + 1)];
  if (kind === 'property') return `its ${name}`;
  return kind === 'context' ? `the unit’s ${name}` : (FIELDS[field] ?? field);
}

function conditionText({ field, op, value }: EventCondition): string {
  const verb = `${fieldText(field)} ${operator(op)}`;
  return value === undefined ? verb : `${verb} ${Array.isArray(value) ? value.join(', ') : String(value)}`;
}

const conditionsText = ({ where }: EventSelection): string => (where ?? []).map(conditionText).join(' and ');

function selectionText(selection: EventSelection): string {
  const conditions = conditionsText(selection);
  return `${anyOf(selection.events)}${conditions === '' ? '' : `, where ${conditions},`}`;
}

const plain = (text: string): string => text.replace(/,$/, '');

function scaleText(scale: number | undefined): string {
  if (scale === undefined || scale === 1) return '';
  const inverse = Math.round(1 / scale);
  return Math.abs(inverse * scale - 1) < 1e-9 && inverse > 1
    ? `, divided by ${inverse}`
    : `, times ${decimal(scale, 4)}`;
}

/** What one unit's events become. */
function amount(measure: Measure): string {
  const conditions = conditionsText(measure);
  const what = `${anyOf(measure.events)} events${conditions === '' ? '' : ` where ${conditions}`}`;
  switch (measure.fold) {
    case 'count':
      return `the number of ${what}${scaleText(measure.scale)}`;
    case 'sum': {
      const field = measure.field ?? 'value';
      return `the sum of ${field === 'value' ? 'the values' : fieldText(field).replace('its ', '')} of ${what}${scaleText(measure.scale)}`;
    }
    case 'distinct-days':
      return `the number of days with ${what}${scaleText(measure.scale)}`;
    case 'exposures':
      return `the number of decisions that were seen${conditions === '' ? '' : ` where ${conditions}`}`;
    default:
      return `whether there was ${what}`;
  }
}

function scopeText({ scope, withinHours, days }: Measure, kind: MetricBody['kind']): string {
  const where =
    scope === 'decision'
      ? ` from what the experiment decided${withinHours === undefined ? '' : `, within ${withinHours} hours of the decision`}`
      : ' anywhere in the product';
  if (kind === 'retention' || kind === 'time-to-event') return where;
  return days === undefined
    ? `${where}, since first exposure`
    : `${where}, from day ${days[0]} to day ${days[1] - 1} after first exposure`;
}

function retentionDays({ retention, numerator: { days } }: MetricBody): string {
  const [from, to] = days ?? [0, 1];
  if (retention === 'rolling') return `on day ${from} or later, until day ${to - 1},`;
  return retention === 'window' ? `on any of the days ${from} to ${to - 1}` : `on day ${from}`;
}

const denominatorText = ({ denominator }: MetricBody): string => (denominator ? amount(denominator) : '…');

const stepsText = ({ after }: MetricBody): string =>
  (after ?? []).map(selectionText).join(' and then ') || '…';

const watchedDays = ({ numerator: { days } }: MetricBody): string => (days ? String(days[1]) : '…');

function core(metric: MetricBody): string {
  const { numerator, kind } = metric;
  const scope = scopeText(numerator, kind);
  const what = selectionText(numerator);
  switch (kind) {
    case 'proportion':
      return `The share of units with at least one ${what}${scope}`;
    case 'ratio':
      return `In each arm, ${amount(numerator)} of all units, divided by ${denominatorText(metric)}${scope}`;
    case 'quantile':
      return `What ${percent(metric.quantile ?? 0, 0)} of the units stay below, of ${amount(numerator)} per unit${scope}`;
    case 'retention':
      return `The share of units with ${what} ${retentionDays(metric)} after first exposure${scope}`;
    case 'time-to-event':
      return `The mean number of days without ${what} during the first ${watchedDays(metric)} days after first exposure${scope}`;
    case 'funnel':
      return `Of the units with ${stepsText(metric)}, the share that went on to ${what}${scope}`;
    default:
      return `The mean over all units of ${amount(numerator)}${scope}`;
  }
}

function notes(metric: MetricBody): string[] {
  const { cap, maturityDays, covariateDays, minimumLift, guardrailMargin } = metric;
  return [
    ...(cap === undefined
      ? []
      : 'atMost' in cap
        ? [`One unit counts for at most ${decimal(cap.atMost, 2)}.`]
        : [
            `One unit counts for at most the ${percent(cap.quantile, 0)} quantile of the units that have any.`,
          ]),
    ...(maturityDays > 0
      ? [`A unit counts once ${maturityDays} days have passed since its first exposure.`]
      : []),
    ...(covariateDays === undefined
      ? []
      : [`Adjusted by the same number in the ${covariateDays} days before first exposure.`]),
    `${metric.betterWhen === 'higher' ? 'Higher' : 'Lower'} is better.`,
    ...(minimumLift === undefined ? [] : [`A lift of ${percent(minimumLift)} is the smallest that matters.`]),
    ...(guardrailMargin === undefined
      ? []
      : [`As a guardrail it may get worse by ${percent(guardrailMargin)} at most.`]),
  ];
}

/** What a metric measures, in plain English. */
export function metricSentence(metric: MetricBody): string {
  return [`${plain(core(metric))}.`, ...notes(metric)].join(' ');
}
