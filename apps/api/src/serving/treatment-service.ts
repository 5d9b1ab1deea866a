import { Inject, Injectable } from '@nestjs/common';
import { newUlid } from '../http/ulid.js';
import { DecisionSpool } from './decision-spool.js';
import { ExperimentCatalog } from './experiment-catalog.js';
import { serveTreatments } from './serve-treatments.js';
import type { ServingHooks, Treatment, TreatmentsRequest } from './serve-treatments.js';
import { fallbacksServed, serveSeconds, slowAnswers, treatmentsServed } from './serving-metrics.js';
import { SnapshotCache } from './snapshot-cache.js';

/**
 * Serves treatments and records the decisions: the one way in for the HTTP contract and the protocol adapters.
 * Synchronous; nothing here waits for a database or a queue.
 */
@Injectable()
export class TreatmentService {
  private readonly counters = new Map<string, { inc(): void }>();
  private readonly hooks: ServingHooks = {
    monotonic: () => performance.now(),
    newId: newUlid,
    onFallback: (reason, policy) => fallbacksServed.inc({ reason, policy }),
    onSlow: (policy) => slowAnswers.inc({ policy }),
  };

  constructor(
    @Inject(ExperimentCatalog) private readonly experiments: ExperimentCatalog,
    @Inject(SnapshotCache) private readonly snapshots: SnapshotCache,
    @Inject(DecisionSpool) private readonly spool: DecisionSpool,
  ) {}

  /** @param now Unix milliseconds. */
  serve(request: TreatmentsRequest, now: number = Date.now()): readonly Treatment[] {
    const begun = performance.now();
    const state = { catalog: this.experiments.current, policy: (id: string) => this.snapshots.get(id) };
    const { treatments, records } = serveTreatments(state, request, now, this.hooks);
    this.spool.record(records);
    for (const { reason } of treatments) this.counter(reason).inc();
    serveSeconds.observe((performance.now() - begun) / 1000);
    return treatments;
  }

  private counter(reason: string): { inc(): void } {
    let counter = this.counters.get(reason);
    if (!counter) this.counters.set(reason, (counter = treatmentsServed.labels(reason)));
    return counter;
  }
}
