import { unitsOf } from './risk-table.js';
import type { FollowUp } from './risk-table.js';

/**
 * Largest time at which at least `units` of the group are still under observation and without the event; null where
 * there never are so many. Beyond it a curve hangs on a few units, and its normal theory with it.
 * @param follow times checked by the caller; @param units at least 1.
 */
export function supportedTime(follow: FollowUp, units: number): number | null {
  const byTime = new Map<number, number>();
  for (let entry = 0; entry < follow.time.length; entry++) {
    const time = follow.time[entry] as number;
    byTime.set(time, (byTime.get(time) ?? 0) + unitsOf(follow, entry));
  }
  let left = 0;
  for (const [time, n] of [...byTime].sort(([a], [b]) => b - a)) {
    left += n;
    if (left >= units) return time;
  }
  return null;
}
