import type { NearestIndex } from '#policies';
import type { ServingPolicy, Snapshot } from '../serving-policy.js';
import { buildIndex } from './index-builder.js';
import type { IndexedVectors } from './usearch.js';

interface Building {
  /** Null while it is built, and where that failed. */
  index: NearestIndex | null;
  /** Why there is none, once that is known. */
  failure: string | null;
  readonly done: Promise<void>;
}

/** The indexes of the snapshots that serve, each built once, however often its policy is configured anew. */
export class Indexes {
  private readonly bySnapshot = new Map<string, Building>();
  private building: Promise<unknown> = Promise.resolve();

  constructor(private readonly build: (vectors: IndexedVectors) => Promise<NearestIndex> = buildIndex) {}

  /**
   * Gives the policy its index; begins to build one where there is none yet.
   * @returns whether the policy is ready: it needs none, has it, or will never have it.
   */
  provide({ compiled }: ServingPolicy, snapshot: Snapshot | null): boolean {
    const retrieval = compiled?.decides === 'slate' ? compiled.retrieval : undefined;
    if (!retrieval || !snapshot) return true;
    let building = this.bySnapshot.get(snapshot.sha256);
    if (!building) {
      building = this.begin(retrieval.embedding);
      this.bySnapshot.set(snapshot.sha256, building);
    }
    if (building.index) retrieval.use(building.index);
    return building.index !== null || building.failure !== null;
  }

  /** Settles when the index of the snapshot is there, or with why it is not; undefined where nothing is being built. */
  built(snapshot: Snapshot | null): Promise<string | null> | undefined {
    const building = snapshot ? this.bySnapshot.get(snapshot.sha256) : undefined;
    if (!building || building.index || building.failure !== null) return undefined;
    return building.done.then(() => building.failure);
  }

  /** Forgets the indexes of all other snapshots. */
  keep(sha256: readonly (string | undefined)[]): void {
    const kept = new Set(sha256);
    for (const key of this.bySnapshot.keys()) if (!kept.has(key)) this.bySnapshot.delete(key);
  }

  /** One after the other: each takes a core and memory. */
  private begin({ biases, dimension, rows }: IndexedVectors): Building {
    const work = this.building.then(() => this.build({ biases, dimension, rows }));
    this.building = work.catch(() => undefined);
    const building: Building = {
      index: null,
      failure: null,
      done: work.then(
        (index) => {
          building.index = index;
        },
        (error: unknown) => {
          building.failure = error instanceof Error ? error.message : 'it could not be built';
        },
      ),
    };
    return building;
  }
}
