type Values = ArrayLike<number>;

/** Follow-up of the units: when it ended, and whether with the event (1 or any other non-zero) or censored (0). */
export interface FollowUp {
  readonly time: Values;
  readonly event: Values;
}

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

/** Whether both arrays have the same length and hold finite numbers only. */
export function isFollowUp({ time, event }: FollowUp): boolean {
  if (time.length !== event.length) return false;
  for (let i = 0; i < time.length; i++) {
    if (!Number.isFinite(time[i]) || !Number.isFinite(event[i])) return false;
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
  const order = ascendingOrder(follow.time).filter(include);
  const time: number[] = [];
  const atRisk: number[] = [];
  const events: number[] = [];
  let i = 0;
  while (i < order.length) {
    const t = follow.time[order[i] as number] as number;
    const remaining = order.length - i;
    let happened = 0;
    for (; i < order.length && follow.time[order[i] as number] === t; i++) {
      if (follow.event[order[i] as number] !== 0) happened++;
    }
    if (happened === 0) continue;
    time.push(t);
    atRisk.push(remaining);
    events.push(happened);
  }
  return {
    units: order.length,
    time: Float64Array.from(time),
    atRisk: Float64Array.from(atRisk),
    events: Float64Array.from(events),
    lastTime: order.length > 0 ? (follow.time[order[order.length - 1] as number] as number) : NaN,
  };
}
