/** One unit's days, as whole calendar days in any one numbering (e.g. days since 1970 in the unit's time zone). */
export interface RetentionUnit {
  readonly exposureDay: number;
  readonly activeDays: readonly number[];
}

export interface RetentionRule {
  readonly day: number;
  /** exact: active on that day; rolling: on it or later; window: on a day in [day, windowEnd]. */
  readonly kind: 'exact' | 'rolling' | 'window';
  readonly windowEnd?: number;
}

export interface RetentionCounts {
  readonly retained: number;
  readonly eligible: number;
  /** Units exposed too recently to have been able to return; they are no part of the rate. */
  readonly immature: number;
}

/**
 * Day-N retention of one arm. Only mature units are eligible: those whose last day of the rule is not after
 * `dataEndDay`, the last complete day of the data. What the SQL rollups must agree with.
 */
export function countRetention(
  units: Iterable<RetentionUnit>,
  rule: RetentionRule,
  dataEndDay: number,
): RetentionCounts {
  const lastDay = rule.kind === 'window' ? (rule.windowEnd ?? rule.day) : rule.day;
  const through = rule.kind === 'rolling' ? Infinity : lastDay;
  let retained = 0;
  let eligible = 0;
  let immature = 0;
  for (const { exposureDay, activeDays } of units) {
    if (exposureDay + lastDay > dataEndDay) {
      immature++;
      continue;
    }
    eligible++;
    if (activeDays.some((day) => day >= exposureDay + rule.day && day <= exposureDay + through)) retained++;
  }
  return { retained, eligible, immature };
}
