import type { Placed } from './positioned-counts.js';

const ROUNDS = 200;
const TOLERANCE = 1e-9;
/** Views that the assumed examination of a position is worth. */
const PRIOR_VIEWS = 10;
const MOST = 1 - 1e-9;

/** Examination assumed before anything is known: 1, 1/2, 1/3... */
export const assumedExamination = (position: number): number => 1 / (1 + position);

/**
 * Learns how often members look at each position: the position-based model, in which an item is chosen with
 * probability e_position * attraction_item (Richardson, Dominowska, Ragno 2007), by expectation-maximisation.
 * Identified only where items stand at several positions, up to the scale, which e_0 = 1 fixes.
 * @param table views and choices by item and position.
 * @returns examination by position, in (0, 1]; positions nobody saw get the assumed value.
 */
export function learnExamination(table: readonly Placed[]): number[] {
  const positions = table.reduce((most, { position }) => Math.max(most, position + 1), 1);
  let examination = Array.from({ length: positions }, (_, k) => assumedExamination(k));
  let attraction = attractionOf(table, examination);
  for (let round = 0; round < ROUNDS; round++) {
    const looked = table.map((row) => {
      const e = examination[row.position] as number;
      const a = attraction.get(row.key) as number;
      const unseen = Math.max(1e-12, 1 - e * a);
      const passed = Math.max(0, row.weight - row.sum);
      return {
        row,
        examined: row.sum + (passed * e * (1 - a)) / unseen,
        attracted: row.sum + (passed * a * (1 - e)) / unseen,
      };
    });
    const next = maximise(looked, positions);
    const moved = next.examination.reduce(
      (most, e, k) => Math.max(most, Math.abs(e - (examination[k] as number))),
      0,
    );
    ({ examination, attraction } = next);
    if (moved < TOLERANCE) break;
  }
  return examination;
}

interface Looked {
  readonly row: Placed;
  readonly examined: number;
  readonly attracted: number;
}

function maximise(
  looked: readonly Looked[],
  positions: number,
): { examination: number[]; attraction: Map<string, number> } {
  const seen = Array.from({ length: positions }, (_, k) => PRIOR_VIEWS * assumedExamination(k));
  const shown = new Array<number>(positions).fill(PRIOR_VIEWS);
  const items = new Map<string, { attracted: number; shown: number }>();
  for (const { row, examined, attracted } of looked) {
    seen[row.position] = (seen[row.position] as number) + examined;
    shown[row.position] = (shown[row.position] as number) + row.weight;
    const item = items.get(row.key) ?? { attracted: 1, shown: 2 };
    items.set(row.key, { attracted: item.attracted + attracted, shown: item.shown + row.weight });
  }
  const raw = seen.map((value, k) => value / (shown[k] as number));
  const top = raw[0] as number;
  return {
    examination: raw.map((e) => Math.min(1, Math.max(1e-3, e / top))),
    attraction: new Map(
      [...items].map(([key, item]) => [key, Math.min(MOST, (item.attracted / item.shown) * top)]),
    ),
  };
}

/** Choices by examined views: where the rates are small this alone is nearly the answer. */
function attractionOf(table: readonly Placed[], examination: readonly number[]): Map<string, number> {
  const items = new Map<string, { sum: number; views: number }>();
  for (const { key, position, weight, sum } of table) {
    const item = items.get(key) ?? { sum: 1, views: 2 };
    items.set(key, { sum: item.sum + sum, views: item.views + weight * (examination[position] as number) });
  }
  return new Map([...items].map(([key, { sum, views }]) => [key, Math.min(MOST, sum / views)]));
}
