import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { z } from 'zod';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText, stateTexts } from '../codec.js';
import type { RewardedDecision } from '../contract.js';
import type { Memory } from './counted-policy.js';
import { checkRewarded, tallyKey } from './decayed-counts.js';
import type { ValueOf } from './decayed-counts.js';

const DAY_MS = 86_400_000;
/** Cells into which a window is cut; it slides by one of them at a time. */
const CELLS = 50;

export const windowDaysField = z
  .number()
  .min(0.001)
  .max(36_500)
  .default(14)
  .describe(
    'Wall-clock days that count; what is older is forgotten at once, in steps of a fiftieth of the window. Whole weeks keep weekdays balanced.',
  );

interface Sum {
  readonly weight: number;
  readonly sum: number;
}

type Cell = ReadonlyMap<string, Sum>;

/** Immutable sums by cell of time and action. */
export interface WindowedCounts {
  readonly at: number;
  readonly cells: ReadonlyMap<number, Cell>;
}

interface WindowOptions {
  readonly windowDays: number;
  readonly perSubject: boolean;
}

const NOTHING: Sum = { weight: 0, sum: 0 };
const cellOf = (at: number, windowDays: number): number => Math.floor((at * CELLS) / (windowDays * DAY_MS));

/** Drops cells that have left the window. The order of arrival does not matter: what is older never comes back. */
function add(
  state: WindowedCounts,
  batch: readonly RewardedDecision[],
  { windowDays, perSubject }: WindowOptions,
  valueOf: ValueOf,
): WindowedCounts {
  if (batch.length === 0) return state;
  const cells = new Map<number, Map<string, Sum>>();
  let newest = state.at;
  for (const decision of batch) {
    checkRewarded(decision);
    newest = Math.max(newest, decision.at);
    const cell = cellOf(decision.at, windowDays);
    let sums = cells.get(cell);
    if (!sums) cells.set(cell, (sums = new Map(state.cells.get(cell))));
    const key = tallyKey(decision.subject, decision.action.id, perSubject);
    const { weight, sum } = sums.get(key) ?? NOTHING;
    sums.set(key, { weight: weight + 1, sum: sum + valueOf(decision.reward, decision) });
  }
  const oldest = cellOf(newest, windowDays) - CELLS;
  const kept = [...new Map<number, Cell>([...state.cells, ...cells])].filter(([cell]) => cell > oldest);
  return { at: newest, cells: new Map(kept.sort(([a], [b]) => a - b)) };
}

function encode({ at, cells }: WindowedCounts): Json {
  return {
    at,
    cells: [...cells].map(([cell, sums]) => ({
      cell,
      keys: [...sums.keys()],
      sums: encodeFloats(Float64Array.from([...sums.values()].flatMap(({ weight, sum }) => [weight, sum]))),
    })),
  };
}

function decode(json: Json): WindowedCounts {
  const stored = stateObject(json);
  const list = stored['cells'];
  if (!Array.isArray(list)) throw new DomainError('invalid_state', "the stored state's cells are not a list");
  return { at: stateNumber(stored['at'], 'at'), cells: new Map(list.map(decodeCell)) };
}

function decodeCell(json: Json): [number, Cell] {
  const stored = stateObject(json);
  const keys = stateTexts(stored['keys'], 'keys');
  const numbers = decodeFloats(stateText(stored['sums'], 'sums'));
  if (numbers.length !== 2 * keys.length) {
    throw new DomainError(
      'invalid_state',
      `${keys.length} keys come with ${numbers.length} numbers`,
      '/sums',
    );
  }
  const sums = keys.map(
    (key, i) => [key, { weight: numbers[2 * i] as number, sum: numbers[2 * i + 1] as number }] as const,
  );
  return [stateNumber(stored['cell'], 'cell'), new Map(sums)];
}

/** Decisions of the last `windowDays` count in full, older ones not at all. */
export const windowMemory: Memory<WindowedCounts, WindowOptions> = {
  empty: { at: 0, cells: new Map() },
  add,
  tally: ({ cells }, key) => {
    let weight = 0;
    let sum = 0;
    for (const sums of cells.values()) {
      const one = sums.get(key) ?? NOTHING;
      weight += one.weight;
      sum += one.sum;
    }
    return { weight, sum };
  },
  encode,
  decode,
};
