import type { SteadyPeriod } from '#experiments';

/** Which share of a policy's decisions is not shown, and for how long a unit keeps its lot. */
export interface Withhold {
  readonly share: number;
  readonly steadyFor: SteadyPeriod;
}
