import { DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats32, encodeFloats32, stateNumber, stateObject, stateText } from '../../codec.js';
import { sparseRows } from '../als-solver.js';
import { Stages } from '../stages.js';
import { inverseFrequencies } from '../titles/table.js';
import type { SparseVector, TitleTable } from '../titles/table.js';
import type { MemberVectors, TitleModel, TitleScorer } from '../titles/model.js';
import { addRow, groupEdges, rowProduct, titleVectors, WEIGHT_NAMES } from './net.js';
import type { GroupedEdges, NetWeights } from './net.js';
import { tasteScale, trainNet } from './net-train.js';
import type { NetTraining } from './net-train.js';

export interface NetParams {
  readonly dimension: number;
  readonly nets: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly spread: number;
  readonly crowding: number;
  readonly dropInput: number;
  readonly dropAttribute: number;
  readonly dropOwn: number;
}

export interface NetState {
  /** Nets that differ in their starts alone; `own` has one row per title of the table. */
  readonly nets: readonly NetWeights[];
}

const settingsOf = (params: NetParams): NetTraining => params;

/** The titles' own rows, spread from the watched titles to the whole table. */
function spreadOwn(net: NetWeights, watched: readonly number[], titles: number): NetWeights {
  const own = new Float32Array(titles * net.dimension);
  watched.forEach((title, row) => {
    own.set(net.own.subarray(row * net.dimension, (row + 1) * net.dimension), title * net.dimension);
  });
  return { ...net, own };
}

function decodeNet(json: Json, dimension: number, table: TitleTable): NetWeights {
  const stored = stateObject(json);
  const read = (name: string) => decodeFloats32(stateText(stored[name], name));
  const [attributes, own, relations, attention, bias] = WEIGHT_NAMES.map(read) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const fits =
    attributes.length === table.names.length * dimension &&
    own.length === table.items.length * dimension &&
    relations.length === table.relations.length &&
    attention.length === dimension &&
    bias.length === table.names.length;
  if (!fits) throw new DomainError('invalid_state', 'the net does not fit the titles', '/nets');
  return { dimension, attributes, own, relations, attention, bias };
}

interface ServedVectors {
  /** One row per title: its vectors in all nets, one behind the other. */
  readonly vectors: Float32Array;
  /** One per title: the sum over the nets. */
  readonly bias: Float64Array;
}

/** @param own how much of the titles' own rows counts; undefined: they have none. */
function vectorsOf(nets: readonly NetWeights[], edges: GroupedEdges, own?: Float32Array): ServedVectors {
  const width = nets.reduce((sum, { dimension }) => sum + dimension, 0);
  const vectors = new Float32Array(edges.titles * width);
  const bias = new Float64Array(edges.titles);
  nets.forEach((net, n) => {
    const { dimension } = net;
    const one = titleVectors(net, edges, own);
    for (let t = 0; t < edges.titles; t++) {
      vectors.set(one.vectors.subarray(t * dimension, (t + 1) * dimension), t * width + n * dimension);
      bias[t] = (bias[t] as number) + (one.bias[t] as number);
    }
  });
  return { vectors, bias };
}

/** Sum of the members' titles' rows, scaled as in training. */
function tasteOf(member: ReadonlyMap<number, number>, vectors: Float32Array, into: Float32Array): void {
  into.fill(0);
  let total = 0;
  for (const weight of member.values()) total += Math.abs(weight);
  const scale = tasteScale(total);
  for (const [title, weight] of member)
    addRow(into, 0, vectors, title * into.length, scale * weight, into.length);
}

/**
 * A graph network over titles and their attributes with attention between relations, trained by a multinomial
 * likelihood of what members watched (after SemanticGNN, arXiv 2312.04071, with one hop). Several nets of different
 * starts answer together by the sum of their scores.
 */
export const netModel: TitleModel<NetParams, NetState> = {
  fit: (data, { table, reader }, params, rng, progress, checkpoints) => {
    const watched = [...new Set(data.item)].sort((a, b) => a - b);
    const place = new Map(watched.map((title, row) => [title, row]));
    const item = data.item.map((title) => place.get(title) as number);
    const members = sparseRows(data.units.length, data.unit, item, new Float64Array(item.length).fill(1));
    const titles = watched.map((title) => reader.known(title));
    const edges = groupEdges(titles, table, inverseFrequencies(table), params.crowding);
    const stages = new Stages(checkpoints);
    const nets = Array.from({ length: params.nets }, (_, k) => {
      const own = rng.fork(`net ${k}`);
      const report = (share: number): void => progress((k + share) / params.nets);
      const net = stages.run(`net ${k}`, (inner) =>
        trainNet(members, edges, table.names.length, settingsOf(params), own, report, inner),
      );
      return spreadOwn(net, watched, table.items.length);
    });
    return { nets };
  },
  encode: ({ nets }) => ({
    dimension: nets[0]?.dimension ?? 0,
    nets: nets.map((net) =>
      Object.fromEntries(WEIGHT_NAMES.map((name) => [name, encodeFloats32(net[name])])),
    ),
  }),
  decode: (json, { table }) => {
    const stored = stateObject(json ?? null);
    const dimension = stateNumber(stored['dimension'], 'dimension');
    if (!Array.isArray(stored['nets']))
      throw new DomainError('invalid_state', 'the nets are not a list', '/nets');
    return { nets: (stored['nets'] as readonly Json[]).map((net) => decodeNet(net, dimension, table)) };
  },
  compile: ({ nets }, catalogue, params) => {
    const { table, reader } = catalogue;
    const idf = inverseFrequencies(table);
    const edgesOf = (titles: readonly SparseVector[]) => groupEdges(titles, table, idf, params.crowding);
    const edges = edgesOf(table.items.map((_, i) => reader.known(i)));
    // In training an own row was there with this probability.
    const known = vectorsOf(nets, edges, new Float32Array(edges.titles).fill(1 - params.dropOwn));
    const taste = new Float32Array(nets.reduce((sum, { dimension }) => sum + dimension, 0));
    const score = ({ vectors, bias }: ServedVectors, title: number): number =>
      (rowProduct(taste, 0, vectors, title * taste.length, taste.length) + (bias[title] as number)) /
      nets.length;
    const answer = (member: ReadonlyMap<number, number>): TitleScorer => {
      tasteOf(member, known.vectors, taste);
      return (title, index) =>
        index === undefined ? score(vectorsOf(nets, edgesOf([title])), 0) : score(known, index);
    };
    const vectors: MemberVectors = {
      dimension: taste.length,
      rows: known.vectors,
      biases: Float32Array.from(known.bias),
      of: (member) => {
        tasteOf(member, known.vectors, taste);
        return taste;
      },
    };
    return Object.assign(answer, { vectors });
  },
};
