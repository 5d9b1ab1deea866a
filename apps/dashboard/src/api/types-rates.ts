/** Units of an arm by the end of an hour or day. */
export interface ArmRate {
  exposed: number;
  /** Units that had the event since their exposure. */
  units: number;
}

export interface RatePoint {
  at: string;
  control: ArmRate;
  treatment: ArmRate;
  /** Rate over control's; null: control has none yet. */
  ratio: number | null;
  lower: number | null;
  upper: number | null;
  pValue: number;
  logEValue: number;
}

export interface EventRates {
  experiment: string;
  /** What was assigned and is counted, where that is not each unit. */
  clusterBy: string | null;
  asOf: string;
  step: 'hour' | 'day';
  baseline: string;
  alpha: number;
  event: string | null;
  events: { event: string; units: number; harmful: boolean }[];
  arms: (ArmRate & { arm: string; times: number; share: number | null })[];
  comparisons: { arm: string; points: RatePoint[]; reason: string | null }[];
}
