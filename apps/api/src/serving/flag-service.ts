import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { slotOf } from '#experiments';
import type { Context, Experiment, Json, Surface } from '#experiments';
import { IdentityMap } from '../persistence/identity-map.js';
import { readTesterToken } from '../http/tester-token.js';
import { canonicalJson } from '../persistence/canonical.js';
import { ExperimentCatalog } from './experiment-catalog.js';
import { RecentDecisions } from './recent-decisions.js';
import type { Treatment } from './serve-treatments.js';
import { SnapshotCache } from './snapshot-cache.js';
import { steadyPeriod } from './steady-seed.js';
import { TreatmentService } from './treatment-service.js';
import { parseTreatments } from './treatments.validator.js';

/** Slates are cut to this where nobody asks for a length: a bulk answer holds every surface. */
const SLATE_LENGTH = 20;
/** Feature-flag clients poll: what a policy would draw anew for every decision is kept this long. */
const LEAST_STEADY = 'hour';

/** Who asks for the flags, and how. All but `unitId` and `context` as in `POST /v1/treatments`. */
export interface FlagsAsked {
  readonly unitId: string;
  readonly context: Context;
  readonly unitType?: unknown;
  readonly expose?: unknown;
  readonly tester?: unknown;
  readonly subject?: unknown;
  readonly limit?: unknown;
}

export interface Flag {
  readonly key: string;
  /** Undefined where there is nothing to show: the code's own default is meant. */
  readonly value: Json | undefined;
  readonly treatment: Treatment;
}

/** What a surface shows, as one value: that of the arm, the id of the action, or the ids of a slate. */
function valueOf({ kind, value, action, slate }: Treatment): Json | undefined {
  if (kind === 'action') return action ?? undefined;
  if (kind === 'slate') return { items: (slate ?? []).map(({ id }) => id) };
  return value ?? undefined;
}

/** Surfaces as feature flags, for protocols of others: a flag is a surface, evaluating it is a decision. */
@Injectable()
export class FlagService {
  constructor(
    @Inject(TreatmentService) private readonly treatments: TreatmentService,
    @Inject(ExperimentCatalog) private readonly catalog: ExperimentCatalog,
    @Inject(SnapshotCache) private readonly snapshots: SnapshotCache,
    @Inject(IdentityMap) private readonly identities: IdentityMap,
    @Inject(RecentDecisions) private readonly recent: RecentDecisions,
  ) {}

  has(key: string): boolean {
    return this.catalog.current.surfaces.has(key);
  }

  /**
   * Decides and records.
   * @throws Problem 400 where the request is not one that `POST /v1/treatments` would take.
   */
  async evaluate(key: string, asked: FlagsAsked): Promise<Flag> {
    const surface = this.catalog.current.surfaces.get(key);
    const limit = asked.limit ?? (surface?.kind === 'slate' ? SLATE_LENGTH : undefined);
    const { subject, ...rest } = asked;
    const request = parseTreatments({ ...rest, requests: [{ surface: key, subject, limit }] });
    const [treatment] = await this.treatments.serve({ ...request, leastSteady: LEAST_STEADY });
    if (!treatment) throw new Error('a request was not answered');
    this.recent.note(treatment.decisionId, treatment.unit?.unitId ?? request.unitId);
    return { key, value: valueOf(treatment), treatment };
  }

  /**
   * All surfaces that have something to show without candidates from the client. Each is decided by itself, as if it were
   * asked for alone.
   * @param only keys to leave it at; null: all.
   */
  evaluateAll(asked: FlagsAsked, only: ReadonlySet<string> | null = null): Promise<Flag[]> {
    return Promise.all(this.offered(asked, only).map(({ key }) => this.evaluate(key, asked)));
  }

  private offered({ subject }: FlagsAsked, only: ReadonlySet<string> | null): Surface[] {
    const { surfaces, items } = this.catalog.current;
    const about = typeof subject === 'string' ? subject : null;
    return [...surfaces.values()].filter(
      ({ key, kind, candidateKind }) =>
        (only === null || only.has(key)) &&
        (kind === 'value' || items.candidates(candidateKind, about).length > 0),
    );
  }

  /**
   * Equal for equal answers: what was configured, who asks, what was learned, and the periods within which draws are kept.
   * A day is the longest, so that no answer refers to an older decision.
   * @throws Problem 400 as `evaluate`.
   */
  tagOf(asked: FlagsAsked, extra: readonly string[], now: number = Date.now()): string {
    const { unitId, unitType, context } = parseTreatments({ ...asked, requests: [{ surface: 'any' }] });
    const { unitTypes } = this.catalog.current.config;
    // Links between units change answers, too.
    const known = {
      unitId: this.identities.resolveTyped(unitId, unitType),
      context: this.identities.resolveContext(context, unitTypes),
    };
    const live = this.catalog.current.config.experiments.filter(
      ({ status }) => status === 'running' || status === 'shipped' || status === 'paused',
    );
    this.refuseExpired(asked, now);
    const parts = [
      this.catalog.revision,
      canonicalJson({ ...asked, ...known } as never),
      ...live.flatMap((experiment) => this.periodsOf(experiment, now)),
      steadyPeriod('day', now, ''),
      ...extra,
    ];
    return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 32);
  }

  /** A tester's token that has run out must not go on forcing arms because nothing else has changed. */
  private refuseExpired({ tester }: FlagsAsked, now: number): void {
    if (typeof tester === 'string')
      readTesterToken(tester, this.catalog.current.config.testerKey ?? null, now);
  }

  private periodsOf({ arms, switchback }: Experiment, now: number): string[] {
    const slot = switchback ? [slotOf(now, switchback)] : [];
    return [
      ...slot,
      ...arms.flatMap(({ treatment }) => {
        if (treatment.kind !== 'policy') return [];
        const { policyId, steadyFor } = treatment;
        const period = steadyPeriod(steadyFor, now, '', LEAST_STEADY);
        return [`${policyId}@${this.snapshots.get(policyId)?.version ?? 0} ${period}`];
      }),
    ];
  }
}
