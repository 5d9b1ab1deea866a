import { Inject, Injectable } from '@nestjs/common';
import type { Arm } from '#experiments';
import { Database } from '../persistence/database.js';
import type { PortfolioQuery } from './portfolio.schemas.js';

export interface PortfolioExperiment extends Record<string, unknown> {
  readonly key: string;
  readonly title: string;
  readonly status: string;
  readonly arms: readonly Arm[];
  readonly decisionMetric: string;
  readonly shippedArm: string | null;
  readonly stopReason: string | null;
  readonly startedAt: Date;
  /** null: it still runs. */
  readonly stoppedAt: Date | null;
  readonly verdict: string | null;
}

/** Reads which experiments belong to the portfolio. */
@Injectable()
export class PortfolioStore {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Experiments that were started and have a decision metric; the latest end first. */
  experiments({ metric, from, to, running }: PortfolioQuery, now: Date): Promise<PortfolioExperiment[]> {
    return this.db.query<PortfolioExperiment>(
      `select key, title, status, arms, decision_metric as "decisionMetric", shipped_arm as "shippedArm",
              stop_reason as "stopReason", started_at as "startedAt", stopped_at as "stoppedAt",
              summary ->> 'verdict' as verdict
         from experiment
        where started_at is not null and decision_metric is not null
          and (stopped_at is not null or ($5 and status in ('running', 'paused')))
          and ($1::text is null or decision_metric = $1)
          and ($2::timestamptz is null or coalesce(stopped_at, $4) >= $2)
          and ($3::timestamptz is null or coalesce(stopped_at, $4) < $3)
        order by coalesce(stopped_at, $4) desc, key`,
      [metric ?? null, from ?? null, to ?? null, now, running],
    );
  }
}
