import { toCsv } from '#metrics';
import type { CsvValue, Effect, Moments } from '#metrics';
import type { LiftReport } from '../lift-reports.js';

type Result = LiftReport['results'][number];
type Column = readonly [name: string, value: (result: Result, report: LiftReport) => CsvValue];

const MEANS = ['y', 'd', 'x'] as const;
const COMOMENTS = ['yy', 'dd', 'xx', 'yd', 'yx', 'dx'] as const;

function effectColumns(prefix: string, of: (result: Result) => Effect | null): Column[] {
  const column = (name: string, value: (effect: Effect) => CsvValue | undefined): Column => [
    `${prefix}${name}`,
    (result) => {
      const effect = of(result);
      return effect === null ? null : (value(effect) ?? null);
    },
  ];
  return [
    column('status', ({ status }) => status),
    column('reason', ({ reason }) => reason),
    column('adjusted', ({ adjusted }) => adjusted),
    column('difference', ({ estimate }) => estimate),
    column('standard_error', ({ standardError }) => standardError),
    column('difference_lower', ({ interval }) => interval?.lower),
    column('difference_upper', ({ interval }) => interval?.upper),
    column('lift', ({ relative }) => relative.estimate),
    column('lift_status', ({ relative }) => relative.status),
    column('lift_lower', ({ relative }) => relative.interval?.lower),
    column('lift_upper', ({ relative }) => relative.interval?.upper),
    column('interval_kind', ({ interval }) => interval?.kind),
    column('level', ({ interval }) => interval?.level),
    column('evidence', ({ evidence }) => evidence?.kind),
    column('evidence_value', ({ evidence }) => evidence?.value),
    column('evidence_log_value', ({ evidence }) => evidence?.logValue),
  ];
}

function momentColumns(prefix: string, of: (result: Result) => Moments): Column[] {
  return [
    [`${prefix}_units`, (result) => of(result).n],
    ...MEANS.map((name, i): Column => [`${prefix}_mean_${name}`, (result) => of(result).mean[i] ?? null]),
    ...COMOMENTS.map((name, i): Column => [
      `${prefix}_comoment_${name}`,
      (result) => of(result).comoment[i] ?? null,
    ]),
    [`${prefix}_non_zero`, (result) => of(result).nonZero ?? null],
  ];
}

/** Every column of the CSV of a report: its heading and where its value stands in the report. */
export const REPORT_COLUMNS: readonly Column[] = [
  ['experiment', (_, report) => report.experiment],
  ['as_of', (_, report) => report.asOf],
  ['segment', (_, { segment }) => (segment ? `${segment.attribute}:${segment.value}` : null)],
  ['metric', ({ metric }) => metric],
  ['title', ({ title }) => title],
  ['kind', ({ kind }) => kind],
  ['measured_in', ({ measuredIn }) => measuredIn],
  ['better_when', ({ betterWhen }) => betterWhen],
  ['role', ({ role }) => role],
  ['baseline', (_, report) => report.baseline],
  ['arm', ({ arm }) => arm],
  ['window_from', ({ window }) => window.from],
  ['window_to', ({ window }) => window.to],
  ['matured', ({ matured }) => matured],
  ['enrolled', ({ enrolled }) => enrolled],
  ['estimator', ({ effect }) => effect.estimator],
  ['alpha', (_, report) => report.alpha],
  ['control_value', ({ effect }) => effect.control.mean],
  ['treatment_value', ({ effect }) => effect.treatment.mean],
  ...effectColumns('', ({ effect }) => effect),
  ['p_value_adjusted', ({ pValueAdjusted }) => pValueAdjusted],
  ['multiplicity', ({ multiplicity }) => multiplicity],
  ['direction', ({ direction }) => direction],
  ['margin', ({ nonInferiority }) => nonInferiority?.margin ?? null],
  ['margin_contrast', ({ nonInferiority }) => nonInferiority?.contrast ?? null],
  ['margin_standard_error', ({ nonInferiority }) => nonInferiority?.standardError ?? null],
  ['margin_p_value', ({ nonInferiority }) => nonInferiority?.pValue ?? null],
  ['margin_holds', ({ nonInferiority }) => nonInferiority?.holds ?? null],
  ...effectColumns('unadjusted_', ({ unadjusted }) => unadjusted),
  ...momentColumns('control', ({ moments }) => moments.control),
  ...momentColumns('treatment', ({ moments }) => moments.treatment),
];

/** The report as CSV, one row per metric and arm, at full precision. */
export function reportCsv(report: LiftReport): string {
  return toCsv(
    REPORT_COLUMNS.map(([name]) => name),
    report.results.map((result) => REPORT_COLUMNS.map(([, value]) => value(result, report))),
  );
}
