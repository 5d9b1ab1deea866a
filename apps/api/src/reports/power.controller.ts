import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { EMPTY_MOMENTS } from '#metrics';
import type { MetricDefinition } from '#metrics';
import { AllowRole } from '../http/api-key.guard.js';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { loadMetricCatalogue } from '../persistence/metric-catalogue.js';
import { planPower } from './power.js';
import type { History } from './power.js';
import { powerSchema } from './power.schemas.js';
import type { PowerBody } from './power.schemas.js';
import { PowerStore } from './power-store.js';
import { ReportStore } from './report-store.js';

@ApiTags('reports')
@Controller('v1/power')
@AllowRole('secret')
export class PowerController {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PowerStore) private readonly store: PowerStore,
    @Inject(ReportStore) private readonly reports: ReportStore,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Size, duration and smallest detectable lift of an experiment before it starts' })
  async plan(@Body({ schema: powerSchema }) body: PowerBody) {
    const definition = (await loadMetricCatalogue(this.db)).find(body.metric);
    if (!definition)
      throw Problem.invalid('/metric', 'unknown_metric', `there is no metric "${body.metric}"`);
    const now = new Date();
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
