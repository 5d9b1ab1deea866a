import type { UseQueryResult } from '@tanstack/react-query';
import { query } from '../../api/http.js';
import { useRead } from '../../api/queries.js';
import type { HoldoutLift, Portfolio } from '../../api/types-portfolio.js';
import type { Page } from '../../api/types.js';
import { useUrlState } from '../../ui/url-state.js';

const REFRESH_MS = 60_000;

export interface PortfolioView {
  query: UseQueryResult<Portfolio>;
  metric: string;
  setMetric: (metric: string | null) => void;
  from: string;
  setFrom: (day: string | null) => void;
  to: string;
  setTo: (day: string | null) => void;
  running: boolean;
  setRunning: (running: boolean) => void;
}

/** The portfolio in the view that the address describes. */
export function usePortfolioView(): PortfolioView {
  const [metric, setMetric] = useUrlState('metric');
  const [from, setFrom] = useUrlState('from');
  const [to, setTo] = useUrlState('to');
  const [running, setRunning] = useUrlState('running');
  const params = query({ metric, from, to, running: running === '1' ? true : null });
  return {
    query: useRead<Portfolio>(`/v1/portfolio${params}`, { every: REFRESH_MS, keep: true }),
    metric,
    setMetric,
    from,
    setFrom,
    to,
    setTo,
    running: running === '1',
    setRunning: (on) => setRunning(on ? '1' : null),
  };
}

/** Read from the facts, which takes a while: not refreshed by itself. */
export const useHoldoutLifts = (metric: string): UseQueryResult<Page<HoldoutLift>> =>
  useRead<Page<HoldoutLift>>(`/v1/portfolio/holdouts${query({ metric })}`);

const REASONS: Record<string, string> = {
  too_few_experiments: 'Fewer than three comparisons: how much true effects differ cannot be told.',
  burn_in: 'Too few units for an interval yet.',
  insufficient_units: 'No units with outcomes.',
  zero_baseline: 'Control is zero: there is no lift.',
  counts_only_decisions_of_experiments:
    'This metric counts outcomes of an experiment’s own decisions; units that are held out have none. Choose a metric that counts everything a unit does.',
  needs_all_units_at_once:
    'Quantiles, times to an event and values capped at a quantile are not compared with holdouts. Choose a metric that is a mean, a share or a ratio.',
};

/** Why a figure is missing, in words. */
export const why = (reason: string | null): string =>
  reason === null ? 'Not enough data to compute this.' : (REASONS[reason] ?? reason.replaceAll('_', ' '));
