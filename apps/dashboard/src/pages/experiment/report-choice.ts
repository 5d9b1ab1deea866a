import type { UseQueryResult } from '@tanstack/react-query';
import { useReport } from '../../api/queries.js';
import type { Report } from '../../api/types.js';
import { useUrlState } from '../../ui/url-state.js';

export interface ReportView {
  query: UseQueryResult<Report>;
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
  /** The reader asked to see lifts although validity is blocked. */
  showAnyway: boolean;
  setShowAnyway: (show: boolean) => void;
}

/** The report in the view that the address describes: estimator, segment, "show anyway". */
export function useReportView(experimentKey: string): ReportView {
  const [estimator, setEstimator] = useUrlState('estimator');
  const [segment, setSegment] = useUrlState('segment');
  const [anyway, setAnyway] = useUrlState('anyway');
  const [maturity, setMaturity] = useUrlState('maturity');
  const [asOf, setAsOf] = useUrlState('asOf');
  const query = useReport(experimentKey, {
    estimator: estimator || null,
    segment: segment || null,
    maturity: maturity || null,
    asOf: asOf || null,
  });
  return {
    query,
    estimator,
    setEstimator,
    segment,
    setSegment,
    maturity,
    setMaturity,
    asOf,
    setAsOf,
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
