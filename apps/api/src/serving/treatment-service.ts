import { Inject, Injectable } from '@nestjs/common';
import { readTesterToken } from '../http/tester-token.js';
import { newUlid } from '../http/ulid.js';
import { IdentityMap } from '../persistence/identity-map.js';
import { DecisionSpool } from './decision-spool.js';
import { ExperimentCatalog } from './experiment-catalog.js';
import { ProcessorClock } from './processor-clock.js';
import { servePage } from './serve-page.js';
import type { ServedPage } from './serve-page.js';
import { serveTreatments } from './serve-treatments.js';
import type { Served, ServingHooks, ServingState, Treatment } from './serve-treatments.js';
import type { AskedTreatments } from './treatments.validator.js';
import {
  fallbacksServed,
  serveSeconds,
  shadowsAsked,
  slowAnswers,
  treatmentsServed,
} from './serving-metrics.js';
import { SnapshotCache } from './snapshot-cache.js';

const SAMPLE = 64;

/**
 * Serves treatments and records the decisions: the one way in for the HTTP contract and the protocol adapters.
 * Nothing here waits for a database or a queue.
 */
@Injectable()
export class TreatmentService {
  private readonly served = new Map<string, number>();
  private requests = 0;
  private readonly hooks: ServingHooks = {
    monotonic: () => performance.now(),
    processor: new ProcessorClock(),
    newId: newUlid,
    onFallback: (reason, policy) => fallbacksServed.inc({ reason, policy }),
    onSlow: (policy) => slowAnswers.inc({ policy }),
    onShadow: ({ policyId: policy, failed }) =>
      shadowsAsked.inc({ policy, result: failed === undefined ? 'answered' : 'failed' }),
  };

  constructor(
    @Inject(ExperimentCatalog) private readonly experiments: ExperimentCatalog,
    @Inject(SnapshotCache) private readonly snapshots: SnapshotCache,
    @Inject(DecisionSpool) private readonly spool: DecisionSpool,
    @Inject(IdentityMap) private readonly identities: IdentityMap,
  ) {}

  /**
   * Decides and records; resolves at the end of this turn of the event loop, when the records of all its requests have
   * been written, so that no answer leaves before its decision is safe from the end of the process.
   * @param now Unix milliseconds.
   */
  async serve(request: AskedTreatments, now: number = Date.now()): Promise<readonly Treatment[]> {
    const { treatments } = await this.recorded((state) =>
      serveTreatments(state, this.asKnown(request, now), now, this.hooks),
    );
    return treatments;
  }

  /**
   * As serve, for a whole page.
   * @returns null where there is no page of that key.
   */
  async servePage(
    key: string,
    request: Omit<AskedTreatments, 'requests'>,
    now: number = Date.now(),
  ): Promise<ServedPage | null> {
    const config = this.experiments.current.pages.get(key);
    if (!config) return null;
    return (
      await this.recorded((state) => servePage(state, config, this.asKnown(request, now), now, this.hooks))
    ).page;
  }

  /** For the unit under the id that stands for it, and with the arms of a tester's token. */
  private asKnown<R extends Omit<AskedTreatments, 'requests'>>(request: R, now: number): R {
    const unitId = this.identities.resolveTyped(request.unitId, request.unitType);
    const { unitTypes } = this.experiments.current.config;
    const context = this.identities.resolveContext(request.context, unitTypes);
    const same = unitId === request.unitId && context === request.context;
    const known = same ? request : { ...request, unitId, context };
    if (request.testerToken === undefined) return known;
    const key = this.experiments.current.config.testerKey ?? null;
    return { ...known, tester: readTesterToken(request.testerToken, key, now) };
  }

  private recorded<S extends Served>(answer: (state: ServingState) => S): Promise<S> {
    // Observing costs more than a lookup in the catalogue: one request in so many stands for all.
    const begun = this.requests++ % SAMPLE === 0 ? performance.now() : null;
    const served = answer({
      catalog: this.experiments.current,
      policy: (id: string) => this.snapshots.get(id),
    });
    const recorded = this.spool.record(served.records).then(() => served);
    for (const { reason } of served.treatments) this.served.set(reason, (this.served.get(reason) ?? 0) + 1);
    if (begun !== null) serveSeconds.observe((performance.now() - begun) / 1000);
    return recorded;
  }

  /** Adds what was served since the last call to the process's metrics. */
  publish(): void {
    for (const [reason, count] of this.served) treatmentsServed.inc({ reason }, count);
    this.served.clear();
  }
}
