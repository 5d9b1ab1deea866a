type Values = ArrayLike<number>;

/**
 * Follow-up of the units: when it ended, and whether with the event (1 or any other non-zero) or censored (0). An
 * entry is one unit or, with `count`, so many units that are alike: a million units are some hundred entries by day,
 * and every result is the same.
 */
export interface FollowUp {
  readonly time: Values;
  readonly event: Values;
  /** Units behind each entry, whole and not negative; default 1 each. */
  readonly count?: Values;
}

/** How many units an entry stands for. */
export const unitsOf = ({ count }: FollowUp, entry: number): number =>
  count === undefined ? 1 : (count[entry] as number);

/** The event times in ascending order with what happened at each. */
export interface RiskTable {
  readonly units: number;
  readonly time: Float64Array;
  /** Units still under observation just before: those with time >= t, also if censored at t. */
  readonly atRisk: Float64Array;
  readonly events: Float64Array;
  /** Longest follow-up; NaN without units. */
  readonly lastTime: number;
}

/** Whether the arrays have the same length and hold finite numbers only, and counts are whole. */
export function isFollowUp({ time, event, count }: FollowUp): boolean {
  if (time.length !== event.length || (count && count.length !== time.length)) return false;
  for (let i = 0; i < time.length; i++) {
    if (!Number.isFinite(time[i]) || !Number.isFinite(event[i])) return false;
    if (count && !(Number.isSafeInteger(count[i]) && (count[i] as number) >= 0)) return false;
  }
  return true;
}

/** Indices of the units in ascending order of time. */
export function ascendingOrder(time: Values): Uint32Array {
  const order = new Uint32Array(time.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order.sort((a, b) => (time[a] as number) - (time[b] as number));
}

/**
 * Units at risk and events at each time at which an event happened.
 * @param follow finite times of equal unit (e.g. days), checked by `isFollowUp`; @param include which units count.
 */
export function riskTable(follow: FollowUp, include: (unit: number) => boolean = () => true): RiskTable {
  const order = ascendingOrder(follow.time).filter((entry) => unitsOf(follow, entry) > 0 && include(entry));
  const units = order.reduce((sum, entry) => sum + unitsOf(follow, entry), 0);
  const time: number[] = [];
  const atRisk: number[] = [];
  const events: number[] = [];
  let i = 0;
  let left = units;
  while (i < order.length) {
    const t = follow.time[order[i] as number] as number;
    const remaining = left;
    let happened = 0;
    for (; i < order.length && follow.time[order[i] as number] === t; i++) {
      const n = unitsOf(follow, order[i] as number);
      left -= n;
      if (follow.event[order[i] as number] !== 0) happened += n;
    }
    if (happened === 0) continue;
    time.push(t);
    atRisk.push(remaining);
    events.push(happened);
  }
  return {
    units,
    time: Float64Array.from(time),
    atRisk: Float64Array.from(atRisk),
    events: Float64Array.from(events),
    lastTime: order.length > 0 ? (follow.time[order[order.length - 1] as number] as number) : NaN,
  };
}
