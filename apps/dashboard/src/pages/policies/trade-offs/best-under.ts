import type { ObjectiveName, TradeOffPoint } from '../../../api/trade-offs.js';

/** Least means, by objective. */
export type Bounds = Readonly<Partial<Record<ObjectiveName, number>>>;

/** The point with the most of one objective among those that keep all bounds; of equal ones the first. */
export function bestUnder(
  points: readonly TradeOffPoint[],
  most: ObjectiveName,
  bounds: Bounds,
): { readonly place: number | null; readonly keep: number } {
  const limits = Object.entries(bounds) as [ObjectiveName, number][];
  const keeping = points.flatMap(({ objectives }, place) =>
    limits.every(([name, least]) => objectives[name].estimate >= least) ? [place] : [],
  );
  const value = (place: number): number => points[place]?.objectives[most].estimate ?? -Infinity;
  const [first = null] = keeping;
  return {
    place: keeping.reduce<number | null>(
      (best, place) => (best === null || value(place) > value(best) ? place : best),
      first,
    ),
    keep: keeping.length,
  };
}
