import { normalQuantile } from '#metrics';
import { dayOf } from '../rollups/maturity.js';
import type { ReportStore } from './report-store.js';

const DAY_MS = 86_400_000;
export const LAST_DAY = 28;

export interface RetentionPoint {
  readonly day: number;
  readonly matured: number;
  readonly retained: number;
  readonly share: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
}

/**
 * Share of each arm active on day n = 1..28 after first exposure, over units whose day n is over; with Wilson's
 * score interval (Wilson 1927) at 95 %.
 */
export async function retentionCurve(
  store: ReportStore,
  key: string,
  now: Date,
): Promise<{
  readonly arms: readonly { readonly arm: string; readonly points: readonly RetentionPoint[] }[];
}> {
  const rows = await store.activity(key, LAST_DAY);
  const arms = [...new Set(rows.map((row) => row.arm))];
  return {
    arms: arms.map((arm) => ({
      arm,
      points: Array.from({ length: LAST_DAY }, (_, i) => {
        const day = i + 1;
        const lastMature = dayOf(new Date(now.getTime() - (day + 1) * DAY_MS));
        const mature = rows.filter((row) => row.arm === arm && row.enteredOn <= lastMature);
        const matured = mature.reduce((sum, row) => sum + row.units, 0);
        const retained = mature.reduce((sum, row) => sum + (row.active[i] ?? 0), 0);
        return { day, matured, retained, ...wilson(retained, matured) };
      }),
    })),
  };
}

function wilson(successes: number, n: number): Pick<RetentionPoint, 'share' | 'lower' | 'upper'> {
  if (n === 0) return { share: null, lower: null, upper: null };
  const z = normalQuantile(0.975);
  const p = successes / n;
  const centre = (p + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  return { share: p, lower: Math.max(0, centre - half), upper: Math.min(1, centre + half) };
}
