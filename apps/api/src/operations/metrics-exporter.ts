import { Inject, Injectable, Logger } from '@nestjs/common';
import { Gauge, collectDefaultMetrics, register } from 'prom-client';
import { RateLimitedLog } from '../queues/rate-limited-log.js';
import { OperationsService } from './operations.service.js';

/** A metric is made once per process, however often a Nest application is built in it. */
function gauge(name: string, help: string, labelNames: string[] = []): Gauge {
  return (register.getSingleMetric(name) as Gauge | undefined) ?? new Gauge({ name, help, labelNames });
}

/** Renders the process's metrics, with the state of the queues and the durable totals as they are now. */
@Injectable()
export class MetricsExporter {
  readonly contentType = register.contentType;
  private readonly jobs = gauge('marquee_queue_jobs', 'Jobs by queue and state', ['queue', 'state']);
  private readonly age = gauge('marquee_queue_oldest_age_seconds', 'Age of the job that has waited longest', [
    'queue',
  ]);
  private readonly totals = gauge('marquee_total', 'Totals over all processes since the installation began', [
    'what',
  ]);
  private readonly up = gauge('marquee_database_up', '1 when the database answered this scrape');
  private readonly log = new RateLimitedLog((message) => new Logger('Metrics').warn(message), 60_000);

  constructor(@Inject(OperationsService) private readonly operations: OperationsService) {
    if (!register.getSingleMetric('process_cpu_user_seconds_total')) collectDefaultMetrics();
  }

  async text(): Promise<string> {
    try {
      const [queues, totals] = await Promise.all([this.operations.queues(), this.operations.totals()]);
      for (const { name: queue, oldestAgeSeconds, ...states } of queues) {
        for (const [state, value] of Object.entries(states)) this.jobs.set({ queue, state }, value);
        this.age.set({ queue }, oldestAgeSeconds ?? 0);
      }
      for (const [what, value] of Object.entries(totals)) this.totals.set({ what }, value);
      this.up.set(1);
    } catch (error) {
      // The rest of the metrics matter most while the database is away.
      this.up.set(0);
      this.log.report('queues and totals', error as Error);
    }
    return register.metrics();
  }
}
