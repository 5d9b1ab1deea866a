import { Counter, Gauge, Histogram, register } from 'prom-client';

/** A metric is made once per process, however often a Nest application is built in it. */
function once<T>(name: string, make: () => T): T {
  return (register.getSingleMetric(name) as T | undefined) ?? make();
}

export const treatmentsServed = once(
  'marquee_treatments_total',
  () =>
    new Counter({
      name: 'marquee_treatments_total',
      help: 'Treatments served, by reason',
      labelNames: ['reason'],
    }),
);
export const fallbacksServed = once(
  'marquee_fallbacks_total',
  () =>
    new Counter({
      name: 'marquee_fallbacks_total',
      help: "Treatments that fell back to the surface's default",
      labelNames: ['reason', 'policy'],
    }),
);
export const slowAnswers = once(
  'marquee_policy_over_budget_total',
  () =>
    new Counter({
      name: 'marquee_policy_over_budget_total',
      help: 'Answers of a policy over its time budget',
      labelNames: ['policy'],
    }),
);
export const shadowsAsked = once(
  'marquee_shadow_total',
  () =>
    new Counter({
      name: 'marquee_shadow_total',
      help: 'Decisions about which a shadow policy was asked; result is "answered", or "failed" when it threw or was left alone',
      labelNames: ['policy', 'result'],
    }),
);
export const snapshotsRefused = once(
  'marquee_snapshots_refused_total',
  () =>
    new Counter({
      name: 'marquee_snapshots_refused_total',
      help: 'Snapshots that failed a check',
      labelNames: ['policy'],
    }),
);
export const serveSeconds = once(
  'marquee_serve_seconds',
  () =>
    new Histogram({
      name: 'marquee_serve_seconds',
      help: 'Time to compute all treatments of one request; one request of 64',
      buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1],
    }),
);
export const catalogAge = once(
  'marquee_catalog_age_seconds',
  () =>
    new Gauge({
      name: 'marquee_catalog_age_seconds',
      help: 'Time since the serving catalogue was last confirmed by the database',
    }),
);
export const spoolPending = once(
  'marquee_spool_pending',
  () =>
    new Gauge({
      name: 'marquee_spool_pending',
      help: 'Records in the spool that neither table nor queue has taken',
    }),
);
export const spoolAge = once(
  'marquee_spool_oldest_age_seconds',
  () =>
    new Gauge({ name: 'marquee_spool_oldest_age_seconds', help: 'Age of the oldest record in the spool' }),
);
export const spoolDropped = once(
  'marquee_spool_dropped',
  () =>
    new Gauge({ name: 'marquee_spool_dropped', help: 'Records the spool lost since the process started' }),
);
