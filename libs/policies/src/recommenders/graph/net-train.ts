import type { Rng } from '#experiments';
import type { SparseRows } from '../als-solver.js';
import { Adam } from './adam.js';
import { addRow, addTitleGradient, initialWeights, rowProduct, titleVectors, WEIGHT_NAMES } from './net.js';
import type { GroupedEdges, NetWeights, TitleVectors } from './net.js';

export interface NetTraining {
  readonly dimension: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly decay: number;
  readonly spread: number;
  /** Shares that training leaves out at random. */
  readonly dropInput: number;
  readonly dropAttribute: number;
  readonly dropOwn: number;
}

/** What one member of a batch is shown; `scale` makes its sum a taste. */
export interface MaskedMember {
  readonly inputs: readonly number[];
  readonly targets: Uint32Array;
}

/** Divisor of a sum of `count` titles: its root, so that longer histories say more, but not in proportion. */
export const tasteScale = (count: number): number => 1 / Math.sqrt(Math.max(1, count));

/**
 * Mean over members of -(1 / targets) sum over targets of ln softmax(taste . title + bias) over all titles, where
 * the taste is the sum of the input titles over the root of their number.
 * @param byVector,byBias the gradient is added here.
 * @returns the loss.
 */
export function multinomialLoss(
  pass: TitleVectors,
  dimension: number,
  members: readonly MaskedMember[],
  byVector: Float64Array,
  byBias: Float64Array,
): number {
  const { vectors, bias } = pass;
  const titles = bias.length;
  const taste = new Float64Array(dimension);
  const byTaste = new Float64Array(dimension);
  const logits = new Float64Array(titles);
  let loss = 0;
  for (const { inputs, targets } of members) {
    const scale = tasteScale(inputs.length);
    taste.fill(0);
    byTaste.fill(0);
    for (const t of inputs) addRow(taste, 0, vectors, t * dimension, scale, dimension);
    for (let t = 0; t < titles; t++) {
      logits[t] = rowProduct(taste, 0, vectors, t * dimension, dimension) + (bias[t] as number);
    }
    const top = logits.reduce((max, value) => Math.max(max, value), -Infinity);
    let sum = 0;
    for (let t = 0; t < titles; t++) sum += Math.exp((logits[t] as number) - top);
    const normaliser = top + Math.log(sum);
    const weight = 1 / targets.length;
    for (const t of targets) loss += (weight * (normaliser - (logits[t] as number))) / members.length;
    for (let t = 0; t < titles; t++) logits[t] = Math.exp((logits[t] as number) - normaliser);
    for (const t of targets) logits[t] = (logits[t] as number) - weight;
    for (let t = 0; t < titles; t++) {
      const slope = (logits[t] as number) / members.length;
      byBias[t] = (byBias[t] as number) + slope;
      const base = t * dimension;
      for (let j = 0; j < dimension; j++) {
        byVector[base + j] = (byVector[base + j] as number) + slope * (taste[j] as number);
        byTaste[j] = (byTaste[j] as number) + slope * (vectors[base + j] as number);
      }
    }
    for (const t of inputs) addRow(byVector, t * dimension, byTaste, 0, scale, dimension);
  }
  return loss;
}

function zerosLike(net: NetWeights): NetWeights {
  return {
    dimension: net.dimension,
    attributes: new Float64Array(net.attributes.length),
    own: new Float64Array(net.own.length),
    relations: new Float64Array(net.relations.length),
    attention: new Float64Array(net.attention.length),
    bias: new Float64Array(net.bias.length),
  };
}

/** Each entry 0 with probability `drop`, else `kept`. */
function mask(length: number, drop: number, kept: number, rng: Rng): Float64Array {
  return Float64Array.from({ length }, () => (rng.uniform() < drop ? 0 : kept));
}

function shuffle(values: Uint32Array, rng: Rng): void {
  for (let k = values.length - 1; k > 0; k--) {
    const j = rng.below(k + 1);
    [values[k], values[j]] = [values[j] as number, values[k] as number];
  }
}

/**
 * Trains the net to name a member's titles from a random half of them. Attributes and the titles' own rows are left
 * out at random, so that a title is understood from what it is even where nobody has watched it.
 * @param members titles of each member, by their place in `edges`.
 * @param progress called with the share done after every batch.
 */
export function trainNet(
  members: SparseRows,
  edges: GroupedEdges,
  attributes: number,
  settings: NetTraining,
  rng: Rng,
  progress: (share: number) => void,
): NetWeights {
  const { dimension, epochs, batch } = settings;
  const net = initialWeights(attributes, edges.titles, edges.relations, dimension, settings.spread, rng);
  const gradient = zerosLike(net);
  const optimisers = WEIGHT_NAMES.map((name) => new Adam(net[name], { decay: settings.decay }));
  const order = Uint32Array.from({ length: members.start.length - 1 }, (_, u) => u).filter(
    (u) => (members.start[u + 1] as number) > (members.start[u] as number),
  );
  const total = epochs * Math.ceil(order.length / batch);
  let done = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, rng);
    for (let from = 0; from < order.length; from += batch) {
      const shown = Array.from(order.subarray(from, from + batch), (u): MaskedMember => {
        const targets = members.columns.subarray(members.start[u], members.start[u + 1]);
        return { targets, inputs: [...targets].filter(() => rng.uniform() >= settings.dropInput) };
      });
      learn(net, edges, shown, gradient, settings, rng);
      // The step falls to nothing along a cosine (Loshchilov, Hutter 2017).
      const rate = 0.5 * settings.rate * (1 + Math.cos((Math.PI * done) / total));
      WEIGHT_NAMES.forEach((name, k) => optimisers[k]?.step(gradient[name], rate));
      progress(++done / total);
    }
  }
  return net;
}

/** Adds the gradient of one batch. */
function learn(
  net: NetWeights,
  edges: GroupedEdges,
  shown: readonly MaskedMember[],
  gradient: NetWeights,
  settings: NetTraining,
  rng: Rng,
): void {
  const { dropAttribute, dropOwn } = settings;
  const own = mask(edges.titles, dropOwn, 1, rng);
  const attributes = net.bias.length;
  const kept = dropAttribute > 0 ? mask(attributes, dropAttribute, 1 / (1 - dropAttribute), rng) : undefined;
  const pass = titleVectors(net, edges, own, kept);
  const byVector = new Float64Array(pass.vectors.length);
  const byBias = new Float64Array(pass.bias.length);
  multinomialLoss(pass, net.dimension, shown, byVector, byBias);
  addTitleGradient(net, edges, pass, byVector, byBias, gradient, own, kept);
}
