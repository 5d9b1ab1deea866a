/**
 * Which points no other point beats: at least as good in every objective and better in one. Equal points are all kept.
 * @param points one row of finite figures per point; higher is better.
 */
export function paretoFront(points: readonly (readonly number[])[]): boolean[] {
  const beats = (a: readonly number[], b: readonly number[]): boolean =>
    a.every((value, k) => value >= (b[k] as number)) && a.some((value, k) => value > (b[k] as number));
  return points.map((point) => !points.some((other) => beats(other, point)));
}
