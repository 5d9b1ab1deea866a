const REASONS: Record<string, string> = {
  no_events: 'Nothing happened in one of the arms, or in one half of the time',
  insufficient_units: 'An arm has too few units that were in for long enough',
  insufficient_follow_up: 'No day has 10 units at risk in every arm, or an arm is not followed that long',
  zero_variance: 'Nothing happened while both arms were at risk',
  monotone_likelihood: 'All events of one arm come before those of the other: the ratio has no finite value',
};

/** Why a result of survival or forecast is missing, in words. */
export const whyMissing = (reason: string | null): string =>
  REASONS[reason ?? ''] ?? 'It cannot be computed from these data';
