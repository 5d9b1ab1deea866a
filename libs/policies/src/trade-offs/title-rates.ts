/** One use of a title by a unit. */
export interface TitleUse {
  readonly unit: number;
  readonly item: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly completed: boolean;
}

/** What is known of titles, by item number. */
export interface TitleRates {
  /** Share of uses that were completed. */
  readonly completion: Float64Array;
  /** Share of uses after which the unit used anything again, not before half a day and not after the days given. */
  readonly returning: Float64Array;
}

const HOUR_MS = 3_600_000;
const SOONEST_MS = 12 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;
const RETURN_DAYS = 7;
/** Uses at the mean of all titles that every title begins with. */
const PRIOR_USES = 10;

/** (k + m mean) / (n + m): titles that are hardly used stand near the mean of all. */
function shrunken(hits: Float64Array, uses: Float64Array): Float64Array {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  const mean = sum(uses) === 0 ? 0 : sum(hits) / sum(uses);
  return hits.map((k, i) => (k + PRIOR_USES * mean) / ((uses[i] as number) + PRIOR_USES));
}

/**
 * Completion and return rates of titles, shrunken to the mean of all. A use counts for returning once its days are over.
 * @param uses in any order; @param items how many titles there are.
 * @param until Unix milliseconds up to which uses are known.
 * @param returnDays within which somebody who comes back does so.
 */
export function titleRates(
  uses: readonly TitleUse[],
  items: number,
  until: number,
  returnDays = RETURN_DAYS,
): TitleRates {
  const latest = returnDays * DAY_MS;
  const zeros = (): Float64Array => new Float64Array(items);
  const [all, completed, matured, returned] = [zeros(), zeros(), zeros(), zeros()];
  const add = (into: Float64Array, item: number): void => void (into[item] = (into[item] as number) + 1);
  const times = new Map<number, number[]>();
  for (const { unit, at } of uses) {
    const list = times.get(unit);
    if (list) list.push(at);
    else times.set(unit, [at]);
  }
  for (const list of times.values()) list.sort((a, b) => a - b);
  for (const { unit, item, at, completed: whole } of uses) {
    add(all, item);
    if (whole) add(completed, item);
    if (at + latest > until) continue;
    add(matured, item);
    if (comesBack(times.get(unit) as number[], at, latest)) add(returned, item);
  }
  return { completion: shrunken(completed, all), returning: shrunken(returned, matured) };
}

/** Whether a sorted list has a time between half a day and `latest` milliseconds after `at`. */
function comesBack(times: readonly number[], at: number, latest: number): boolean {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < at + SOONEST_MS) low = middle + 1;
    else high = middle;
  }
  return low < times.length && (times[low] as number) <= at + latest;
}
