import { explorationSeed } from '#experiments';
import type { SteadyPeriod } from '#experiments';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** 1970-01-01 was a Thursday; weeks begin on Monday. */
const MONDAY = 3 * DAY;

/**
 * Which period a moment belongs to, in UTC: equal texts give equal draws.
 * @param decisionId makes every decision a period of its own where nothing is to be steady.
 * @param least stands for `decision`.
 */
export function steadyPeriod(
  period: SteadyPeriod,
  at: number,
  decisionId: string,
  least: SteadyPeriod = 'decision',
): string {
  switch (period) {
    case 'decision':
      return least === 'decision' ? decisionId : steadyPeriod(least, at, decisionId);
    case 'hour':
      return `hour ${Math.floor(at / HOUR)}`;
    case 'day':
      return `day ${Math.floor(at / DAY)}`;
    case 'week':
      return `week ${Math.floor((at + MONDAY) / (7 * DAY))}`;
    case 'always':
      return 'always';
  }
}

export interface SeedParts {
  readonly salt: string;
  readonly unitId: string;
  readonly surface: string;
  readonly subject: string | null;
  readonly policyId: string;
  /** Snapshot version; 0 before anything was learned. */
  readonly version: number;
  /** As `steadyPeriod` gives it. */
  readonly period: string;
}

/** Seed text of a policy's draw; kept in the decision, so that the draw can be repeated. */
export function drawSeed(parts: SeedParts): string {
  const subject = parts.subject ?? '';
  return explorationSeed(
    parts.salt,
    parts.unitId,
    parts.surface,
    subject,
    parts.policyId,
    String(parts.version),
    parts.period,
  );
}
