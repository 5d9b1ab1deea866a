import type { Json, Rng } from '#experiments';
import type { TrainingSet } from '../../contract.js';
import type { SparseVector, TitleReader, TitleTable } from '../titles/table.js';

/** Scores one title: its attributes with their counts, and its place in the table if it is known there. */
export type TitleScorer = (title: SparseVector, index: number | undefined) => number;

/** From the member's weights by place in the table to a scorer; called once per request. */
export type MemberModel = (member: ReadonlyMap<number, number>) => TitleScorer;

/** One way to rank by the graph of titles and attributes: what it learns, how it is stored, how it answers. */
export interface GraphMode<P, S> {
  fit(data: TrainingSet, table: TitleTable, params: P, rng: Rng, progress: (share: number) => void): S;
  encode(state: S): Json;
  /** @throws DomainError `invalid_state`. */
  decode(json: Json | undefined, table: TitleTable): S;
  compile(state: S, table: TitleTable, reader: TitleReader, params: P): MemberModel;
}
