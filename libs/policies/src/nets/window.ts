/** Consecutive items of one member: each but the last is an input whose answer is the next one. */
export interface Window {
  readonly items: Int32Array;
  /** Only the last so many answers count; all when it is absent. */
  readonly answers?: number;
  /** 1 for the items that may be an answer; all when it is absent. */
  readonly counts?: Uint8Array;
  /** What else is known of each item, one array per table of the network; -1: nothing. Absent: nothing of any. */
  readonly signals?: readonly Int32Array[];
}

/** The items `from` to `to` (without it) of a window; all their answers count. */
export function partOf({ counts, items, signals }: Window, from: number, to: number): Window {
  return {
    items: items.subarray(from, to),
    ...(counts ? { counts: counts.subarray(from, to) } : {}),
    ...(signals ? { signals: signals.map((signal) => signal.subarray(from, to)) } : {}),
  };
}

/** Places of the answers among the items. */
export function answersOf({ answers, counts, items }: Window): number[] {
  const places: number[] = [];
  const first = Math.max(1, items.length - (answers ?? items.length));
  for (let i = first; i < items.length; i++) if (counts === undefined || counts[i] === 1) places.push(i);
  return places;
}
