import { Inject, Injectable } from '@nestjs/common';
import type { TrendFact } from '#metrics';
import { Database } from '../persistence/database.js';
import { metricsOf } from './lift-reports.js';
import { noveltyReport } from './novelty-report.js';
import { ReportStore } from './report-store.js';

/** A trend over days does not change within hours, and its question reads the events of up to 100,000 units. */
const FRESH_MS = 6 * 3_600_000;

/** Keeps the trend of each experiment's decision metric, from which reports draw the NOVELTY warning. */
@Injectable()
export class Trends {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(ReportStore) private readonly store: ReportStore,
  ) {}

  /** Computes the trend anew when it is six hours old; says whether it did. */
  async refresh(key: string, now: Date): Promise<boolean> {
    const [kept] = await this.db.query<{ at: Date }>(
      'select computed_at as at from experiment_trend where experiment = $1',
      [key],
    );
    if (kept && Math.abs(now.getTime() - kept.at.getTime()) < FRESH_MS) return false;
    const trends = await this.trendsOf(key, now);
    await this.db.query(
      `insert into experiment_trend (experiment, computed_at, trends) values ($1, $2, $3::jsonb)
       on conflict (experiment) do update set computed_at = excluded.computed_at, trends = excluded.trends`,
      [key, now, JSON.stringify(trends)],
    );
    return true;
  }

  private async trendsOf(key: string, now: Date): Promise<TrendFact[]> {
    const experiment = await this.store.experiment(key);
    const decision = metricsOf(experiment).find(({ role }) => role === 'decision')?.definition;
    if (!decision || experiment.clusters !== null) return [];
    const { title, arms } = await noveltyReport(this.db, experiment, decision, null, now);
    return arms.flatMap(({ arm, trend, qValue }) =>
      trend === null || qValue === null ? [] : [{ metric: title, arm, slopePerDay: trend.slope, qValue }],
    );
  }
}
