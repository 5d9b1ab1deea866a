import type { Embedding, NearestIndex } from './embedding.js';
import { largest } from './largest.js';

/** Looks at every title. */
export class ExactIndex implements NearestIndex {
  private readonly scores: Float64Array;

  constructor(private readonly embedding: Pick<Embedding, 'dimension' | 'rows' | 'biases'>) {
    this.scores = new Float64Array(embedding.rows.length / embedding.dimension);
  }

  search(query: Float32Array, count: number): Uint32Array {
    const { biases, dimension, rows } = this.embedding;
    const { scores } = this;
    for (let i = 0; i < scores.length; i++) {
      const base = i * dimension;
      let [s0, s1, s2, s3] = [biases === null ? 0 : (biases[i] as number), 0, 0, 0];
      let k = 0;
      for (; k + 4 <= dimension; k += 4) {
        s0 += (query[k] as number) * (rows[base + k] as number);
        s1 += (query[k + 1] as number) * (rows[base + k + 1] as number);
        s2 += (query[k + 2] as number) * (rows[base + k + 2] as number);
        s3 += (query[k + 3] as number) * (rows[base + k + 3] as number);
      }
      for (; k < dimension; k++) s0 += (query[k] as number) * (rows[base + k] as number);
      scores[i] = s0 + s1 + s2 + s3;
    }
    return largest(scores, count);
  }
}
