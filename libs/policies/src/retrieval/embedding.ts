import { z } from 'zod';
import type { DecisionRequest } from '../contract.js';

/** From more titles than this on, some hundred are found by their vectors and only those are ranked. */
export const SMALL_CATALOGUE = 50_000;

/**
 * What a model knows of its titles as one vector each: the inner product with the request's vector, plus the title's
 * bias, says how well the title fits. That is the model's own score, or, where the model ranks by more, the part of it
 * that finds candidates.
 */
export interface Embedding {
  readonly items: readonly string[];
  readonly dimension: number;
  /** One row of `dimension` per item. */
  readonly rows: Float32Array;
  /** One per item; null: none has one. */
  readonly biases: Float32Array | null;
  /** Stands in for the vectors where nothing is known of the unit; one per item. */
  readonly popularity: ArrayLike<number>;
  /** The request's vector, which holds until the next call; null where nothing is known of the unit. */
  query(request: DecisionRequest): Float32Array | null;
}

/** Finds the titles of the largest inner products. */
export interface NearestIndex {
  /** @returns row numbers, the largest first: at most `count`, and about the right ones. */
  search(query: Float32Array, count: number): ArrayLike<number>;
}

export const retrievalParams = {
  retrieved: z
    .int()
    .min(50)
    .max(5_000)
    .default(500)
    .describe(
      'Titles that are found by their vectors and ranked where the client names none, of catalogues of more than 50,000.',
    ),
};
