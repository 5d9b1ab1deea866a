import type { Rng } from '#experiments';
import type { SparseVector, TitleTable } from '../titles/table.js';

/** What a net of one title vector per row knows; singles, row after row. */
export interface NetWeights {
  readonly dimension: number;
  /** One row per attribute. */
  readonly attributes: Float32Array;
  /** One row per title: what its attributes do not say. */
  readonly own: Float32Array;
  /** How much a relation counts for every title. */
  readonly relations: Float32Array;
  /** The direction along which a relation's mean speaks up for itself. */
  readonly attention: Float32Array;
  /** One number per attribute: how popular it makes its titles. */
  readonly bias: Float32Array;
}

export const WEIGHT_NAMES = ['attributes', 'own', 'relations', 'attention', 'bias'] as const;

/** Edges of some titles, grouped by title and relation: group g is the edges[start[g] .. start[g + 1]) of one. */
export interface GroupedEdges {
  readonly titles: number;
  readonly relations: number;
  /** Title t has the groups [first[t] .. first[t + 1]). */
  readonly first: Uint32Array;
  readonly relationOf: Uint32Array;
  readonly start: Uint32Array;
  readonly columns: Uint32Array;
  readonly weights: Float64Array;
}

/**
 * @param titles attributes with counts of each title.
 * @param crowding exponent of the number of attributes of a relation in the divisor: 1 is their mean, 0 their sum.
 */
export function groupEdges(
  titles: readonly SparseVector[],
  table: TitleTable,
  idf: Float64Array,
  crowding: number,
): GroupedEdges {
  const first = [0];
  const relationOf: number[] = [];
  const start = [0];
  const columns: number[] = [];
  const weights: number[] = [];
  for (const title of titles) {
    const places = new Map<number, number[]>();
    title.columns.forEach((c, k) => {
      const relation = table.relation[c] as number;
      const list = places.get(relation);
      if (list === undefined) places.set(relation, [k]);
      else list.push(k);
    });
    for (const [relation, list] of [...places].sort(([a], [b]) => a - b)) {
      const divisor = list.length ** crowding;
      for (const k of list) {
        const c = title.columns[k] as number;
        columns.push(c);
        weights.push(((title.values[k] as number) * (idf[c] as number)) / divisor);
      }
      relationOf.push(relation);
      start.push(columns.length);
    }
    first.push(relationOf.length);
  }
  return {
    titles: titles.length,
    relations: table.relations.length,
    first: Uint32Array.from(first),
    relationOf: Uint32Array.from(relationOf),
    start: Uint32Array.from(start),
    columns: Uint32Array.from(columns),
    weights: Float64Array.from(weights),
  };
}

/** Length of each array of the weights. */
export function weightSizes(
  attributes: number,
  titles: number,
  relations: number,
  dimension: number,
): Readonly<Record<(typeof WEIGHT_NAMES)[number], number>> {
  return {
    attributes: attributes * dimension,
    own: titles * dimension,
    relations,
    attention: dimension,
    bias: attributes,
  };
}

/** Draws the start: titles are what their attributes say and little else. */
export function drawWeights(net: NetWeights, spread: number, rng: Rng): void {
  const draw = (values: Float32Array, sd: number): void =>
    values.forEach((_, i) => (values[i] = sd * rng.normal()));
  draw(net.attributes, spread);
  draw(net.own, spread / 20);
  draw(net.attention, spread);
}

/** What the forward pass leaves for the backward one. */
export interface TitleVectors {
  /** One row per title. */
  readonly vectors: Float32Array;
  readonly bias: Float32Array;
  /** One row per group: the mean of its attributes. */
  readonly means: Float32Array;
  /** How much of the title each group makes; sums to 1 over the groups of a title. */
  readonly shares: Float32Array;
}

function roomFor(edges: GroupedEdges, dimension: number): TitleVectors {
  return {
    vectors: new Float32Array(edges.titles * dimension),
    bias: new Float32Array(edges.titles),
    means: new Float32Array(edges.relationOf.length * dimension),
    shares: new Float32Array(edges.relationOf.length),
  };
}

/**
 * Title vectors: m_r = weighted mean of the attributes of relation r, softmax over the title's relations of
 * q_r + m_r . Q, times sqrt(number of relations); plus the title's own row where `own` is not 0.
 * @param rowOf of each title the row of `weights.own` that is its; undefined: no title has one.
 * @param own how much of the own row counts, by title.
 * @param kept factor of each attribute in this pass (dropout); undefined: 1.
 * @param pass where the answer goes; all zeros.
 */
export function titleVectors(
  net: NetWeights,
  edges: GroupedEdges,
  own?: Float32Array,
  kept?: Float32Array,
  pass: TitleVectors = roomFor(edges, net.dimension),
): TitleVectors {
  const { dimension } = net;
  const groups = edges.relationOf.length;
  for (let g = 0; g < groups; g++) groupMean(net, edges, g, pass, kept);
  const scale = Math.sqrt(edges.relations);
  for (let t = 0; t < edges.titles; t++) {
    const from = edges.first[t] as number;
    const to = edges.first[t + 1] as number;
    softmaxInPlace(pass.shares, from, to);
    for (let g = from; g < to; g++) {
      const share = scale * (pass.shares[g] as number);
      addRow(pass.vectors, t * dimension, pass.means, g * dimension, share, dimension);
      for (let p = edges.start[g] as number; p < (edges.start[g + 1] as number); p++) {
        pass.bias[t] = (pass.bias[t] as number) + (net.bias[edges.columns[p] as number] as number);
      }
    }
    const weight = own?.[t] ?? 0;
    if (weight !== 0) addRow(pass.vectors, t * dimension, net.own, t * dimension, weight, dimension);
  }
  return pass;
}

/** Mean of one group's attributes, and its logit in the place of its share. */
function groupMean(
  net: NetWeights,
  edges: GroupedEdges,
  g: number,
  pass: TitleVectors,
  kept?: Float32Array,
): void {
  const { dimension, attributes, attention, relations } = net;
  for (let p = edges.start[g] as number; p < (edges.start[g + 1] as number); p++) {
    const c = edges.columns[p] as number;
    const weight = (edges.weights[p] as number) * (kept === undefined ? 1 : (kept[c] as number));
    if (weight !== 0) addRow(pass.means, g * dimension, attributes, c * dimension, weight, dimension);
  }
  pass.shares[g] =
    (relations[edges.relationOf[g] as number] as number) +
    rowProduct(pass.means, g * dimension, attention, 0, dimension);
}

/**
 * Adds the gradient of a loss to `into`, given its gradient by the title vectors and biases.
 * @param byVector,byBias gradients of the loss; same shapes as in `pass`.
 */
export function addTitleGradient(
  net: NetWeights,
  edges: GroupedEdges,
  pass: TitleVectors,
  byVector: Float32Array,
  byBias: Float32Array,
  into: NetWeights,
  own: Float32Array,
  kept?: Float32Array,
): void {
  const { dimension } = net;
  const scale = Math.sqrt(edges.relations);
  const byMean = new Float32Array(dimension);
  for (let t = 0; t < edges.titles; t++) {
    const base = t * dimension;
    const weight = own[t] as number;
    if (weight !== 0) addRow(into.own, base, byVector, base, weight, dimension);
    const from = edges.first[t] as number;
    const to = edges.first[t + 1] as number;
    const byShare = new Float64Array(to - from);
    let mean = 0;
    for (let g = from; g < to; g++) {
      const value = scale * rowProduct(pass.means, g * dimension, byVector, base, dimension);
      byShare[g - from] = value;
      mean += (pass.shares[g] as number) * value;
    }
    for (let g = from; g < to; g++) {
      const share = pass.shares[g] as number;
      const byLogit = share * ((byShare[g - from] as number) - mean);
      const relation = edges.relationOf[g] as number;
      into.relations[relation] = (into.relations[relation] as number) + byLogit;
      addRow(into.attention, 0, pass.means, g * dimension, byLogit, dimension);
      for (let j = 0; j < dimension; j++) {
        byMean[j] = scale * share * (byVector[base + j] as number) + byLogit * (net.attention[j] as number);
      }
      addGroupGradient(edges, g, byMean, byBias[t] as number, into, kept);
    }
  }
}

function addGroupGradient(
  edges: GroupedEdges,
  g: number,
  byMean: Float32Array,
  byBias: number,
  into: NetWeights,
  kept?: Float32Array,
): void {
  const { dimension } = into;
  for (let p = edges.start[g] as number; p < (edges.start[g + 1] as number); p++) {
    const c = edges.columns[p] as number;
    into.bias[c] = (into.bias[c] as number) + byBias;
    const weight = (edges.weights[p] as number) * (kept === undefined ? 1 : (kept[c] as number));
    if (weight !== 0) addRow(into.attributes, c * dimension, byMean, 0, weight, dimension);
  }
}

function softmaxInPlace(values: Float32Array, from: number, to: number): void {
  let top = -Infinity;
  for (let g = from; g < to; g++) top = Math.max(top, values[g] as number);
  let sum = 0;
  for (let g = from; g < to; g++) {
    const value = Math.exp((values[g] as number) - top);
    values[g] = value;
    sum += value;
  }
  for (let g = from; g < to; g++) values[g] = (values[g] as number) / sum;
}

/** into[at ..] += weight * from[base ..]. */
export function addRow(
  into: Float32Array,
  at: number,
  from: Float32Array,
  base: number,
  weight: number,
  length: number,
): void {
  for (let j = 0; j < length; j++)
    into[at + j] = (into[at + j] as number) + weight * (from[base + j] as number);
}

export function rowProduct(
  a: Float32Array,
  atA: number,
  b: Float32Array,
  atB: number,
  length: number,
): number {
  let s0 = 0;
  let s1 = 0;
  let j = 0;
  for (; j + 2 <= length; j += 2) {
    s0 += (a[atA + j] as number) * (b[atB + j] as number);
    s1 += (a[atA + j + 1] as number) * (b[atB + j + 1] as number);
  }
  if (j < length) s0 += (a[atA + j] as number) * (b[atB + j] as number);
  return s0 + s1;
}
