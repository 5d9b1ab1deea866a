import type { Json, Rng } from '#experiments';
import type { Checkpoints, TrainingSet } from '../../contract.js';
import type { Embedding } from '../../retrieval/embedding.js';
import type { SparseVector, TitleReader, TitleTable } from './table.js';

/** What training knows of the titles themselves. */
export interface Catalogue {
  readonly table: TitleTable;
  readonly reader: TitleReader;
  /** Members per title, as a share of the most popular title's; 0: nobody has watched it. */
  readonly popularity: Float64Array;
}

/** Scores one title: its attributes with their counts, and its place in the table if it is known there. */
export type TitleScorer = (title: SparseVector, index: number | undefined) => number;

/**
 * From the member's weights by place in the table to a scorer, which holds until the next call; called once per request.
 * @param wanted places in the table that the scorer is asked for; of other known titles it may say nothing.
 */
export interface MemberModel {
  (member: ReadonlyMap<number, number>, wanted: readonly number[]): TitleScorer;
  /** Optional: what finds titles in a large catalogue. */
  readonly vectors?: MemberVectors;
}

/** One vector and one bias per title of the table; see Embedding. */
export interface MemberVectors extends Pick<Embedding, 'dimension' | 'rows'> {
  readonly biases: Float32Array;
  of(member: ReadonlyMap<number, number>): Float32Array;
}

/** One way to rank titles by what they are: what it learns, how it is stored, how it answers. */
export interface TitleModel<P, S> {
  fit(
    data: TrainingSet,
    catalogue: Catalogue,
    params: P,
    rng: Rng,
    progress: (share: number) => void,
    checkpoints?: Checkpoints,
  ): S;
  encode(state: S): Json;
  /** @throws DomainError `invalid_state`. */
  decode(json: Json | undefined, catalogue: Catalogue): S;
  compile(state: S, catalogue: Catalogue, params: P): MemberModel;
}

/** A model that learns nothing beyond the catalogue itself. */
export function unlearned<P>(compile: (catalogue: Catalogue, params: P) => MemberModel): TitleModel<P, null> {
  return {
    fit: () => null,
    encode: () => null,
    decode: () => null,
    compile: (_state, catalogue, params) => compile(catalogue, params),
  };
}
