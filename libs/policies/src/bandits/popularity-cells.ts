import { z } from 'zod';
import type { Context, ContextValue } from '#experiments';
import type { CorrectedReward, RewardedDecision } from '../contract.js';
import { hourOfWeek, offsetMinutesOf } from '../local-time.js';
import { addOne, checkRewarded, correctOne, tallyOf } from './decayed-counts.js';
import type { DecayedCounts, Tally } from './decayed-counts.js';

/** Parameters of what popularity is told apart by. */
export const cellFields = {
  segmentBy: z
    .string()
    .max(100)
    .nullable()
    .default(null)
    .describe(
      'Attribute of the context, e.g. country or device, whose values have a popularity of their own; null: none.',
    ),
  season: z
    .boolean()
    .default(false)
    .describe('Follow the months: what does well in October does so every October.'),
  daypart: z
    .boolean()
    .default(false)
    .describe(
      'Follow the time of day, on weekdays and weekends: by `hour` and `weekday` of the context (local, 0 = Sunday), else by its `timeZone` or `utcOffsetMinutes`, else UTC.',
    ),
  attribute: z
    .string()
    .max(100)
    .nullable()
    .default('genres')
    .describe(
      'Feature of the actions whose values share what is learned of segments, seasons and dayparts; null: each action alone.',
    ),
  shrink: z
    .number()
    .positive()
    .max(1e6)
    .default(20)
    .describe(
      'Rewards expected in a segment, month or daypart at which an action’s own record there counts as much as that of its attribute.',
    ),
  cellHalfLifeDays: z
    .number()
    .positive()
    .max(36_500)
    .default(730)
    .describe(
      'Days after which a reward counts half for seasons, dayparts and segments; they need a long memory.',
    ),
};

export interface CellParams {
  readonly segmentBy: string | null;
  readonly season: boolean;
  readonly daypart: boolean;
  readonly attribute: string | null;
  readonly shrink: number;
  readonly cellHalfLifeDays: number;
}

/** What cells are told of a reward or a request. */
interface Moment {
  readonly context: Context;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Segments beyond these are not told apart, so that a mistaken attribute cannot fill the memory. */
const MOST_SEGMENTS = 200;
const PARTS = ['night', 'morning', 'afternoon', 'evening'] as const;
const ALL = '';

/** The cells that a moment falls into: at most one segment, one month and one daypart. */
export function cellsOf({ context, at }: Moment, params: CellParams): string[] {
  const cells: string[] = [];
  const segment = params.segmentBy === null ? null : plainValue(context, params.segmentBy);
  if (segment !== null) cells.push(`segment ${segment}`);
  const date = new Date(at);
  if (params.season) cells.push(`month ${date.getUTCMonth() + 1}`);
  if (params.daypart) cells.push(daypartOf(context, at));
  return cells;
}

function daypartOf(context: Context, at: number): string {
  const { hour: localHour, weekday } = context;
  const local = hourOfWeek(at, offsetMinutesOf(context, at) ?? 0);
  const hour = within(localHour, 24) ?? local % 24;
  const day = Math.floor(within(weekday, 7) ?? local / 24);
  return `${day === 0 || day === 6 ? 'weekend' : 'weekday'} ${PARTS[Math.floor(hour / 6)]}`;
}

function within(value: ContextValue | undefined, end: number): number | null {
  return typeof value === 'number' && value >= 0 && value < end ? value : null;
}

function plainValue(context: Context, name: string): string | null {
  const value = Object.hasOwn(context, name) ? context[name] : null;
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    ? String(value)
    : null;
}

/** What of an action shares a record: itself first, then each value of its attribute. */
function labelsOf(id: string, features: Context, attribute: string | null): readonly string[] {
  const value = attribute !== null && Object.hasOwn(features, attribute) ? features[attribute] : null;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const texts = values.filter((entry) => typeof entry === 'string' && entry !== '');
  return [`id ${id}`, ...new Set(texts.map((text) => `is ${String(text)}`))];
}

const keyOf = (cell: string, label: string): string => JSON.stringify([cell, label]);

/** The tallies of one reward: cells (and all of them together) by labels (and all of those together). */
function keysOf(decision: Moment & Pick<RewardedDecision, 'action'>, params: CellParams): string[] {
  const cells = cellsOf(decision, params);
  if (cells.length === 0) return [];
  const { id, features } = decision.action;
  const labels = [ALL, ...labelsOf(id, features, params.attribute)];
  return [ALL, ...cells].flatMap((cell) => labels.map((label) => keyOf(cell, label)));
}

/** Adds rewards; the input stays as it is. */
export function addToCells(
  counts: DecayedCounts,
  batch: readonly (Moment & Pick<RewardedDecision, 'action' | 'reward' | 'decisionId'>)[],
  params: CellParams,
): DecayedCounts {
  if (params.segmentBy === null && !params.season && !params.daypart) return counts;
  const tallies = new Map(counts.tallies);
  const segments = new Set([...tallies.keys()].filter((key) => isSegmentTotal(key)));
  let newest = counts.at;
  for (const decision of batch) {
    for (const key of keysOf(decision, params)) {
      if (key.startsWith('["segment ') && !admit(segments, key)) continue;
      const old: Tally = tallies.get(key) ?? { weight: 0, sum: 0, at: decision.at };
      tallies.set(key, addOne(old, decision.at, decision.reward, params.cellHalfLifeDays));
    }
    newest = Math.max(newest, decision.at);
  }
  return { at: newest, tallies };
}

const isSegmentTotal = (key: string): boolean => key.startsWith('["segment ') && key.endsWith(',""]');

/** Whether a segment is known or there is room for it; its total is what comes first of it. */
function admit(segments: Set<string>, key: string): boolean {
  const [cell] = JSON.parse(key) as [string, string];
  const total = keyOf(cell, ALL);
  if (!segments.has(total) && segments.size < MOST_SEGMENTS) segments.add(total);
  return segments.has(total);
}

/** Replaces rewards that were added before; the input stays as it is. */
export function correctCells(
  counts: DecayedCounts,
  batch: readonly CorrectedReward[],
  params: CellParams,
): DecayedCounts {
  const tallies = new Map(counts.tallies);
  for (const decision of batch) {
    checkRewarded(decision);
    for (const key of keysOf(decision, params)) {
      const old = tallies.get(key);
      if (old !== undefined) tallies.set(key, correctOne(old, decision, params.cellHalfLifeDays));
    }
  }
  return { ...counts, tallies };
}

/** How many times as popular as usual actions are in the cells of a moment. */
export class CellLifts {
  private readonly cells: readonly string[];
  private readonly known = new Map<string, number>();

  constructor(
    private readonly counts: DecayedCounts,
    private readonly params: CellParams,
    moment: Moment,
  ) {
    this.cells = counts.tallies.size === 0 ? [] : cellsOf(moment, params);
  }

  /** The product over segment, month and daypart, > 0; 1 for what nothing is known of. */
  of(id: string, features: Context): number {
    if (this.cells.length === 0) return 1;
    const [own, ...shared] = labelsOf(id, features, this.params.attribute);
    return this.cells.reduce((product, cell) => {
      const logs = shared.reduce((sum, label) => sum + Math.log(this.lift(cell, label, 1)), 0);
      const prior = shared.length === 0 ? 1 : Math.exp(logs / shared.length);
      return product * this.lift(cell, own as string, prior);
    }, 1);
  }

  /** (n_lc + s g) / (n_l n_c / n + s): observed over expected, shrunken to the prior g (DuMouchel 1999). */
  private lift(cell: string, label: string, prior: number): number {
    const all = this.sum(ALL, ALL);
    if (all <= 0) return prior;
    const expected = (this.sum(ALL, label) * this.sum(cell, ALL)) / all;
    const { shrink } = this.params;
    return (this.sum(cell, label) + shrink * prior) / (expected + shrink);
  }

  private sum(cell: string, label: string): number {
    const key = keyOf(cell, label);
    let sum = this.known.get(key);
    if (sum === undefined) {
      sum = Math.max(0, tallyOf(this.counts, key, this.params.cellHalfLifeDays).sum);
      this.known.set(key, sum);
    }
    return sum;
  }
}
