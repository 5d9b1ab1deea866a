/** A sorted copy; -0 sorts before 0, NaN last. */
export function ascending(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * Sample quantile by linear interpolation between order statistics, type 7 of Hyndman and Fan (1996): the
 * default of R and numpy.
 * @param sorted ascending, at least one value; @param p in [0, 1].
 */
export function sampleQuantile(sorted: Float64Array, p: number): number {
  const position = (sorted.length - 1) * p;
  const index = Math.min(sorted.length - 1, Math.max(0, Math.floor(position)));
  const below = sorted[index] as number;
  const above = sorted[index + 1] ?? below;
  return below + (position - index) * (above - below);
}
