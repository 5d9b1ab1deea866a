/** Health checks of a report, as the HTTP contract has them. */
export type HealthStatus = 'pass' | 'warn' | 'fail' | 'unknown';
export interface HealthResult {
  key: string;
  title: string;
  status: HealthStatus;
  blocks: boolean;
  value: number | null;
  threshold: number | null;
  unitsAffected: number | null;
  /** When it warns and when it fails, in words. */
  rule: string;
  /** Id of the warning while it fires. */
  warning: string | null;
  firstSeen: string | null;
  explanation: string;
  likelyCauses: string[];
  nextSteps: string[];
  /** Lines of evidence, the most telling first. */
  rows: { label: string; text: string }[];
  /** Muting takes the banner away, not the effect on the verdict. */
  muted: { reason: string; by: string; at: string; until: string } | null;
}
