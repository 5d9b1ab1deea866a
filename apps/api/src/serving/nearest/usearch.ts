import type { Index } from 'usearch';
import type { Embedding, NearestIndex } from '#policies';

/** What an index is built from; it can be cloned to a thread. */
export type IndexedVectors = Pick<Embedding, 'dimension' | 'rows' | 'biases'>;

/**
 * Neighbours of each title in the graph that is searched, and how many are looked at when the graph is built and searched:
 * chosen by `npm run bench -- --only retrieval`, see docs/explanation/retrieval.md.
 */
export const GRAPH = { connectivity: 32, built: 200, searched: 1_000 };

/** The package is optional: where it could not be installed there is no index. */
export async function newIndex(dimensions: number): Promise<Index> {
  const { Index, MetricKind, ScalarKind } = await import('usearch');
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
