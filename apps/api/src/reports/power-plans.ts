import { Inject, Injectable } from '@nestjs/common';
import { EMPTY_MOMENTS } from '#metrics';
import type { MetricDefinition } from '#metrics';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { planPower } from './power.js';
import type { History, PowerAnswer } from './power.js';
import type { PowerBody } from './power.schemas.js';
import { PowerStore } from './power-store.js';
import { ReportStore } from './report-store.js';

/** Size and duration of an experiment before it starts, from the history of its surface or from a guess. */
@Injectable()
export class PowerPlans {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PowerStore) private readonly store: PowerStore,
    @Inject(ReportStore) private readonly reports: ReportStore,
  ) {}

  /** @throws Problem 400 for an unknown metric, and as `planPower` does. */
  async plan(body: PowerBody, now: Date): Promise<PowerAnswer> {
    const definition = (await loadMetricCatalogue(this.db)).find(body.metric);
    if (!definition)
      throw Problem.invalid('/metric', 'unknown_metric', `there is no metric "${body.metric}"`);
    const [history, observed] = await Promise.all([
      this.history(body, definition, now),
      body.surface === undefined ? [] : this.store.growth(body.surface, now),
    ]);
    return planPower(body, definition, history, observed);
  }

  private async history(body: PowerBody, definition: MetricDefinition, now: Date): Promise<History | null> {
    if (body.surface === undefined && body.experiment === undefined) return null;
    const past = await this.store.past(body.metric, body.surface ?? null, body.experiment ?? null);
    const control = past?.arms.find((arm) => arm.isControl);
    if (!past || !control) return null;
    const cells = await this.reports.cells(past.key, [definition], now, null);
    const moments = cells.find(({ arm }) => arm === control.key)?.moments ?? EMPTY_MOMENTS;
    return { experiment: { key: past.key, title: past.title }, control: moments };
  }
}
