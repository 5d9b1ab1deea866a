import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Json } from './types.js';

/** Reads over days of decisions: worth a minute's wait. */
const EVERY = 60_000;

export interface PolicyBelief {
  id: string;
  title: string;
  probability: number;
  /** Probability of being the best, by the beliefs taken as independent; null where there are none. */
  best: number | null;
  mean: number | null;
  sd: number | null;
  density: number[] | null;
}

/** Whether the best action is known, for policies that search for it. */
export interface PolicyWinner {
  leader: string;
  challenger: string;
  statistic: number;
  threshold: number;
  declared: boolean;
}

export interface PolicyBeliefs {
  version: number | null;
  subject: string | null;
  at: string | null;
  context: Record<string, Json>;
  grid: number[];
  items: PolicyBelief[];
  winner: PolicyWinner | null;
}

export interface BeliefHistory {
  actions: string[];
  points: { version: number; at: string; probabilities: Record<string, number> }[];
}

export interface PolicyPropensities {
  decisions: number;
  edges: number[];
  counts: number[];
  floor: number;
  least: number | null;
  belowFloor: number;
  effectiveSampleSize: number | null;
  largestWeight: number | null;
  meanWeight: number | null;
}

export interface PolicyGain {
  points: { at: string; rewards: number; meanReward: number; gain: number; lower: number; upper: number }[];
  rewards: number;
  meanReward: number | null;
  uniform: number | null;
  best: { id: string; mean: number; rewards: number } | null;
}

export interface RewardDelay {
  outcomes: number;
  windowSeconds: number;
  pending: number;
  settled: number;
  points: { seconds: number; share: number }[];
  median: number | null;
  p95: number | null;
  afterWindow: number | null;
}

export interface ExplorationLedger {
  days: { day: string; decisions: number; explored: number; cost: number }[];
  decisions: number;
  explored: number;
  cost: number;
  budgetPerDay: number | null;
}

export interface ShowingRates {
  shown: number;
  withheld: number;
  shownMean: number | null;
  withheldMean: number | null;
  lift: number | null;
  lower: number | null;
  upper: number | null;
  reason: 'nothing_shown' | 'nothing_withheld' | 'too_few_lots' | null;
}

export interface ShowingLift extends ShowingRates {
  subject: string | null;
  id: string;
  title: string | null;
  baseline: number | null;
  baselineError: number | null;
}

export interface Incrementality {
  withhold: { share: number; steadyFor: string } | null;
  incremental: boolean;
  alpha: number;
  total: ShowingRates;
  balance: { expected: number | null; observed: number | null; pValue: number | null; mismatch: boolean };
  /** Of slates, place by place. */
  slots?: (ShowingRates & { slot: number })[];
  items: ShowingLift[];
  actions: number;
}

const path = (id: string, what: string): string => `/v1/policies/${segment(id)}/${what}`;

export const useBeliefs = (id: string, subject: string | null) =>
  useRead<PolicyBeliefs>(`${path(id, 'beliefs')}${query({ subject })}`, { every: EVERY });
export const useBeliefHistory = (id: string, subject: string | null) =>
  useRead<BeliefHistory>(`${path(id, 'beliefs/history')}${query({ subject })}`, { every: EVERY });
export const usePropensities = (id: string) =>
  useRead<PolicyPropensities>(path(id, 'propensities'), { every: EVERY });
export const useGain = (id: string) => useRead<PolicyGain>(path(id, 'gain'), { every: EVERY });
export const useRewardDelay = (id: string) =>
  useRead<RewardDelay>(path(id, 'reward-delay'), { every: EVERY });
export const useExplorationLedger = (id: string) =>
  useRead<ExplorationLedger>(path(id, 'exploration-ledger'), { every: EVERY });
export const useIncrementality = (id: string, subject: string | null) =>
  useRead<Incrementality>(`${path(id, 'incrementality')}${query({ subject })}`, { every: EVERY });
