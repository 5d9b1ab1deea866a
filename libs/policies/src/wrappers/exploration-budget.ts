import { defineParams } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { perSubjectField } from '../bandits/counting-params.js';
import {
  addDecisions,
  decodeCounts,
  emptyCounts,
  encodeCounts,
  tallyKey,
  tallyOf,
} from '../bandits/decayed-counts.js';
import type { DecayedCounts } from '../bandits/decayed-counts.js';
import { stateNumber, stateObject } from '../codec.js';
import type { DecisionRequest, RewardedDecision } from '../contract.js';
import { onLargest, openTo, redistribute } from './distributions.js';
import type { Wrapper } from './contract.js';

const DAY_MS = 86_400_000;
const DAYS_KEPT = 90;

const schema = z.object({
  perDay: z
    .number()
    .min(0)
    .max(1e12)
    .describe('Reward that exploration may cost on one day (UTC), in units of the reward.'),
  perSubject: perSubjectField,
});
type Params = z.output<typeof schema>;

/** One day of the ledger. */
export interface ExplorationDay {
  /** Days since 1970-01-01, UTC. */
  readonly day: number;
  readonly decisions: number;
  /** Decisions on another action than the one that looked best. */
  readonly explored: number;
  /** Reward that those are estimated to have cost. */
  readonly spent: number;
}

export interface ExplorationLedger {
  readonly counts: DecayedCounts;
  /** Oldest first, at most 90. */
  readonly days: readonly ExplorationDay[];
}

const counting = ({ perSubject }: Params) => ({ perSubject, halfLifeDays: null });

/** Best estimated mean per subject, over the actions tried there. */
function bestMeans(counts: DecayedCounts): Map<string, number> {
  const best = new Map<string, number>();
  for (const [key, { sum, weight }] of counts.tallies) {
    const subject = subjectOf(key);
    best.set(subject, Math.max(best.get(subject) ?? -Infinity, sum / weight));
  }
  return best;
}

/** The subject inside a tally's key; see tallyKey. */
const subjectOf = (key: string): string =>
  key.startsWith('["') ? JSON.stringify((JSON.parse(key) as string[])[0]) : '';

function enter(days: Map<number, ExplorationDay>, at: number, cost: number): void {
  const day = Math.floor(at / DAY_MS);
  const old = days.get(day) ?? { day, decisions: 0, explored: 0, spent: 0 };
  days.set(day, {
    day,
    decisions: old.decisions + 1,
    explored: old.explored + Number(cost > 0),
    spent: old.spent + cost,
  });
}

function update(
  state: ExplorationLedger,
  batch: readonly RewardedDecision[],
  own: Params,
): ExplorationLedger {
  const best = bestMeans(state.counts);
  const days = new Map(state.days.map((one) => [one.day, one]));
  for (const { action, at, subject } of batch) {
    const key = tallyKey(subject, action.id, own.perSubject);
    const { sum, weight } = tallyOf(state.counts, key, null);
    const top = best.get(subjectOf(key));
    // An action nobody knows yet costs nothing that could be estimated.
    enter(days, at, top === undefined || weight === 0 ? 0 : Math.max(0, top - sum / weight));
  }
  return {
    counts: addDecisions(state.counts, batch, counting(own), (reward) => reward),
    days: [...days.values()].sort((a, b) => a.day - b.day).slice(-DAYS_KEPT),
  };
}

/** Scores of the policy where it has some; else the means of the ledger. */
function scoresOf(state: ExplorationLedger, own: Params, request: DecisionRequest): Float64Array {
  return Float64Array.from(request.actions, ({ id }) => {
    const { sum, weight } = tallyOf(state.counts, tallyKey(request.subject, id, own.perSubject), null);
    return weight === 0 ? 0 : sum / weight;
  });
}

function encodeDays(days: readonly ExplorationDay[]): Json {
  return days.map(({ day, decisions, explored, spent }) => ({ day, decisions, explored, spent }));
}

function decodeDays(json: Json | undefined): ExplorationDay[] {
  if (!Array.isArray(json)) return [];
  return json.map((entry: Json) => {
    const day = stateObject(entry);
    const number = (field: keyof ExplorationDay): number => stateNumber(day[field], field);
    return {
      day: number('day'),
      decisions: number('decisions'),
      explored: number('explored'),
      spent: number('spent'),
    };
  });
}

/**
 * A daily budget for exploration with a ledger: each rewarded decision on an action that looked worse than the best
 * known one is charged the difference, to the day of the decision. Once the day's budget is spent, the best action is served
 * until midnight UTC. What is not settled yet is not charged yet: the budget may be exceeded by what is explored during one
 * window of the reward, and with a window of a day or more it would never bind.
 */
export const explorationBudget: Wrapper<Params, ExplorationLedger> = {
  key: 'exploration-budget',
  title: 'Exploration budget',
  summary: 'Exploration may cost so much reward a day; when it is spent, the best known action is served.',
  reference: 'Slivkins (2019), Introduction to multi-armed bandits, chapter 10: budgets',
  params: defineParams(schema),
  memory: {
    initial: () => ({ counts: emptyCounts, days: [] }),
    update,
    encode: ({ counts, days }) => ({ counts: encodeCounts(counts), days: encodeDays(days) }),
    decode: (json) => {
      const stored = stateObject(json);
      return { counts: decodeCounts(stored['counts'] ?? null), days: decodeDays(stored['days']) };
    },
  },
  wrap: (inner, state, own) =>
    redistribute(inner, (p, request) => {
      const day = Math.floor(request.at / DAY_MS);
      const spent = state.days.find((one) => one.day === day)?.spent ?? 0;
      if (spent < own.perDay) return p;
      return onLargest(inner.scores?.(request) ?? scoresOf(state, own, request), openTo(inner, request));
    }),
};
