import type { UseQueryResult } from '@tanstack/react-query';
import { useReport } from '../../api/queries.js';
import type { ReportChoice, ReportSetting, ReportSettings } from '../../api/queries.js';
import type { Report } from '../../api/types.js';
import { useUrlParams, useUrlState } from '../../ui/url-state.js';

export interface ReportView {
  query: UseQueryResult<Report>;
  /** What the report was asked for with. */
  choice: ReportChoice;
  estimator: string;
  setEstimator: (key: string | null) => void;
  segment: string;
  setSegment: (segment: string | null) => void;
  /** Days that every unit must have behind it; empty: what each metric needs. */
  maturity: string;
  setMaturity: (days: string | null) => void;
  /** A past day, YYYY-MM-DD; empty: now. */
  asOf: string;
  setAsOf: (day: string | null) => void;
  settings: ReportSettings;
  set: (name: ReportSetting, value: string | null) => void;
  difference: DifferenceKind;
  setDifference: (kind: string | null) => void;
  /** The reader asked to see lifts although validity is blocked. */
  showAnyway: boolean;
  setShowAnyway: (show: boolean) => void;
}

export type DifferenceKind = 'relative' | 'absolute' | 'scaled';
const SETTINGS: readonly ReportSetting[] = [
  'alpha',
  'multiplicity',
  'family',
  'guardrailTest',
  'looks',
  'spending',
  'priorLiftSd',
];

/** Settings of the report as the address has them. */
function useReportSettings(): [ReportSettings, ReportView['set']] {
  const [params, set] = useUrlParams();
  const settings = Object.fromEntries(SETTINGS.map((name) => [name, params.get(name)])) as ReportSettings;
  return [settings, set];
}

/** The report in the view that the address describes: estimator, segment, "show anyway". */
export function useReportView(experimentKey: string): ReportView {
  const [estimator, setEstimator] = useUrlState('estimator');
  const [segment, setSegment] = useUrlState('segment');
  const [anyway, setAnyway] = useUrlState('anyway');
  const [maturity, setMaturity] = useUrlState('maturity');
  const [asOf, setAsOf] = useUrlState('asOf');
  const [difference, setDifference] = useUrlState('difference');
  const [settings, set] = useReportSettings();
  const choice: ReportChoice = {
    estimator: estimator || null,
    segment: segment || null,
    maturity: maturity || null,
    asOf: asOf || null,
    settings,
  };
  const query = useReport(experimentKey, choice);
  return {
    query,
    choice,
    estimator,
    setEstimator,
    segment,
    setSegment,
    maturity,
    setMaturity,
    asOf,
    setAsOf,
    settings,
    set,
    difference: difference === 'absolute' || difference === 'scaled' ? difference : 'relative',
    setDifference,
    showAnyway: anyway === '1',
    setShowAnyway: (show) => setAnyway(show ? '1' : null),
  };
}

/** Whether a failing health check forbids reading the lifts as results. */
export function isBlocked(report: Report): boolean {
  return (
    report.verdict.kind === 'fix-first' ||
    report.health.some((check) => check.blocks && check.status === 'fail')
  );
}
