import { orderByScore } from '../exploration/greedy.js';
import type { Ranking } from '../wrappers/contract.js';

/** Actions that may be served, best first; at most `most` of them. */
export function openByScore({ scores, open }: Ranking, most = Infinity): Uint32Array {
  const order = orderByScore(scores).filter((index) => open[index] === 1);
  return order.length > most ? order.subarray(0, most) : order;
}

/** Scores brought to [0, 1] over the actions named: the least is 0, the largest 1; all 1 where they are equal. */
export function unitScores(scores: Float64Array, among: Uint32Array): Float64Array {
  let least = Infinity;
  let most = -Infinity;
  for (const index of among) {
    least = Math.min(least, scores[index] as number);
    most = Math.max(most, scores[index] as number);
  }
  const spread = most - least;
  return Float64Array.from(among, (index) => (spread > 0 ? ((scores[index] as number) - least) / spread : 1));
}

/** Largest score of the actions that may be served, less the smallest; 0 for none. */
export function spreadOf({ scores, open }: Ranking): number {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < scores.length; i++) {
    if (open[i] !== 1) continue;
    least = Math.min(least, scores[i] as number);
    most = Math.max(most, scores[i] as number);
  }
  return most > least ? most - least : 0;
}

/**
 * Gives an order the scores that were there: its k-th action gets the k-th largest. What changes is who stands where; how
 * steeply scores fall does not, so an exploration spreads as it did before. Equal scores are taken apart by a rounding
 * error, so that they do not undo the order.
 * @param order different indices, best first; the actions that it leaves out keep their scores.
 */
export function wearScores(scores: Float64Array, order: ArrayLike<number>): Float64Array {
  const worn = scores.slice();
  const falling = Float64Array.from(order, (index) => scores[index] as number)
    .sort()
    .reverse();
  let above = Infinity;
  for (let place = 0; place < order.length; place++) {
    const score = falling[place] as number;
    const just = above - Math.max(Math.abs(above), 1e-200) * 4.5e-16;
    above = above === Infinity ? score : Math.min(score, just);
    worn[order[place] as number] = above;
  }
  return worn;
}

/**
 * Greedy re-ranking of the head of a list: place after place, the action of the largest gain. What is not in the pool, or
 * comes after the places, follows by score.
 * @param gain of putting the pool's i-th member next; asked for members that are not placed. NaN or -Infinity ends it.
 * @param placed is told which member was put.
 */
export function greedyOrder(
  pool: Uint32Array,
  places: number,
  gain: (member: number) => number,
  placed: (member: number) => void,
): Uint32Array {
  const used = new Uint8Array(pool.length);
  const order: number[] = [];
  while (order.length < Math.min(places, pool.length)) {
    let best = -1;
    let most = -Infinity;
    for (let i = 0; i < pool.length; i++) {
      if (used[i] === 1) continue;
      const value = gain(i);
      if (value > most) {
        most = value;
        best = i;
      }
    }
    if (best < 0) break;
    used[best] = 1;
    order.push(best);
    placed(best);
  }
  for (let i = 0; i < pool.length; i++) if (used[i] === 0) order.push(i);
  return Uint32Array.from(order, (member) => pool[member] as number);
}
