/** Time to wait after `failures` hand-overs failed in a row: doubling from 100 ms to 5 s, with jitter. */
export function backoffMs(failures: number): number {
  return Math.min(5000, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}
