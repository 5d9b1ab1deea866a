/** When people come: relative to the average hour of the week, which is 1, and as shares of hours and of weekdays. */
export interface Rhythm {
  /** 168 factors with mean 1; Sunday at midnight first. */
  readonly week: Float64Array;
  /** 24 and 7 shares, each with sum 1. */
  readonly hours: Float64Array;
  readonly days: Float64Array;
}

/** Visits that every hour of the week is given beside what was seen, so that none is impossible. */
const PRIOR_VISITS = 50;

/**
 * The population's rhythm from counts by hour of the local week. An hour of the week is drawn to the product of its hour
 * and its weekday, so that weeks with few visits do not look jagged.
 * @param counts 168 visits by hour of the local week.
 */
export function rhythmOf(counts: Float64Array): Rhythm {
  const hours = new Float64Array(24);
  const days = new Float64Array(7);
  let total = 0;
  counts.forEach((count, how) => {
    const [hour, day] = [how % 24, Math.floor(how / 24)];
    hours[hour] = (hours[hour] as number) + count;
    days[day] = (days[day] as number) + count;
    total += count;
  });
  // Half a visit per hour keeps hours in which nobody ever came possible.
  for (let h = 0; h < 24; h++) hours[h] = ((hours[h] as number) + 0.5) / (total + 12);
  for (let d = 0; d < 7; d++) days[d] = ((days[d] as number) + 0.5) / (total + 3.5);
  const week = Float64Array.from(counts, (count, how) => {
    const expected = (hours[how % 24] as number) * (days[Math.floor(how / 24)] as number);
    return (168 * (count + 168 * PRIOR_VISITS * expected)) / (total + 168 * PRIOR_VISITS);
  });
  const mean = week.reduce((sum, factor) => sum + factor, 0) / 168;
  return { week: week.map((factor) => factor / mean), hours, days };
}
