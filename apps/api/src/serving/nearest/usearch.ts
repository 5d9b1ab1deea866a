import type { Embedding, NearestIndex } from '#policies';

/** What an index is built from; it can be cloned to a thread. */
export type IndexedVectors = Pick<Embedding, 'dimension' | 'rows' | 'biases'>;

/** What is used of the package's index; declared here, since the package is optional and so are its types. */
export interface Index {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  save(file: string): void;
  load(file: string): void;
  search(vector: Float32Array, count: number, threads: number): { readonly keys: BigUint64Array };
  size(): number;
}

interface Package {
  readonly Index: new (options: Readonly<Record<string, number | string | boolean>>) => Index;
  readonly MetricKind: { readonly IP: string };
  readonly ScalarKind: { readonly F16: string };
}

/** Not a literal, or the build would ask for the package's types. */
const PACKAGE: string = 'usearch';

/**
 * Neighbours of each title in the graph that is searched, and how many are looked at when the graph is built and searched:
 * see docs/explanation/retrieval.md for what was tried.
 */
export const GRAPH = { connectivity: 32, built: 200, searched: 1_000 };

/** The package is optional: where it could not be installed there is no index. */
export async function newIndex(dimensions: number): Promise<Index> {
  const { Index, MetricKind, ScalarKind } = (await import(PACKAGE)) as Package;
  return new Index({
    dimensions,
    metric: MetricKind.IP,
    quantization: ScalarKind.F16,
    connectivity: GRAPH.connectivity,
    expansion_add: GRAPH.built,
    expansion_search: GRAPH.searched,
    multi: false,
  });
}

/** Numbers of an indexed row: the bias is one more, which requests multiply by 1. */
export const widthOf = ({ biases, dimension }: IndexedVectors): number =>
  dimension + (biases === null ? 0 : 1);

/** The graph of Malkov and Yashunin (2018), by inner product. */
export class NearestTitles implements NearestIndex {
  private readonly query: Float32Array;

  constructor(
    private readonly index: Index,
    width: number,
    /** That it takes in memory. */
    readonly bytes: number,
  ) {
    this.query = new Float32Array(width).fill(1);
  }

  search(query: Float32Array, count: number): number[] {
    this.query.set(query);
    const { keys } = this.index.search(this.query, Math.min(count, this.index.size()), 1);
    return Array.from(keys, Number);
  }
}
