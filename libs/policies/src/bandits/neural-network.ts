import { createRng, DomainError } from '#experiments';
import type { Json } from '#experiments';
import { decodeFloats, encodeFloats, stateNumber, stateObject, stateText } from '../codec.js';

/** Keeps the first AdaGrad steps finite. */
const ADAGRAD_START = 1e-3;

/** One hidden layer: tanh(W x), with the sums of squared gradients that AdaGrad steps by. */
export interface HiddenLayer {
  readonly units: number;
  readonly inputs: number;
  readonly weights: Float64Array;
  readonly squares: Float64Array;
}

/** Weights of one action's output on [1, x, hidden], and their squared gradients. */
export interface OutputUnit {
  readonly weights: Float64Array;
  readonly squares: Float64Array;
}

/** Random weights N(0, 1 / 4) per input from a fixed seed: the same start everywhere, so that replays agree. */
function startWeights(unit: number, input: number): number {
  return 0.5 * createRng(`neural-linear ${unit} ${input}`).normal();
}

export function emptyLayer(units: number): HiddenLayer {
  return widenLayer({ units, inputs: 0, weights: new Float64Array(0), squares: new Float64Array(0) }, 1);
}

/** The same layer with room for more inputs, whose weights are drawn. */
export function widenLayer(layer: HiddenLayer, inputs: number): HiddenLayer {
  if (inputs === layer.inputs) return layer;
  const weights = new Float64Array(layer.units * inputs);
  const squares = new Float64Array(layer.units * inputs).fill(ADAGRAD_START);
  for (let u = 0; u < layer.units; u++) {
    for (let i = 0; i < inputs; i++) {
      const known = i < layer.inputs;
      weights[u * inputs + i] = known ? (layer.weights[u * layer.inputs + i] as number) : startWeights(u, i);
      if (known) squares[u * inputs + i] = layer.squares[u * layer.inputs + i] as number;
    }
  }
  return { units: layer.units, inputs, weights, squares };
}

export function copyLayer(layer: HiddenLayer): HiddenLayer {
  return { ...layer, weights: layer.weights.slice(), squares: layer.squares.slice() };
}

export function emptyOutput(size: number): OutputUnit {
  return { weights: new Float64Array(size), squares: new Float64Array(size).fill(ADAGRAD_START) };
}

/** [1, x_1 ... x_n, hidden units] of x = [1, x_1 ... x_n]. Inputs the layer does not know are not its own. */
export function represent(layer: HiddenLayer, x: Float64Array): Float64Array {
  const out = new Float64Array(layer.inputs + layer.units);
  out.set(x.subarray(0, layer.inputs));
  for (let u = 0; u < layer.units; u++) {
    let sum = 0;
    for (let i = 0; i < layer.inputs; i++)
      sum += (layer.weights[u * layer.inputs + i] as number) * (x[i] as number);
    out[layer.inputs + u] = Math.tanh(sum);
  }
  return out;
}

function step(
  weights: Float64Array,
  squares: Float64Array,
  at: number,
  gradient: number,
  rate: number,
): void {
  const square = (squares[at] as number) + gradient * gradient;
  squares[at] = square;
  weights[at] = (weights[at] as number) - (rate * gradient) / Math.sqrt(square);
}

/**
 * One step of AdaGrad (Duchi, Hazan and Singer 2011) on the logistic loss of one reward in [0, 1], in place.
 * @param features represent(layer, x).
 */
export function trainStep(
  layer: HiddenLayer,
  output: OutputUnit,
  x: Float64Array,
  features: Float64Array,
  reward: number,
  rate: number,
): void {
  let logit = 0;
  for (let i = 0; i < features.length; i++) logit += (output.weights[i] as number) * (features[i] as number);
  const error = 1 / (1 + Math.exp(-logit)) - reward;
  for (let u = 0; u < layer.units; u++) {
    const hidden = features[layer.inputs + u] as number;
    const slope = error * (output.weights[layer.inputs + u] as number) * (1 - hidden * hidden);
    if (slope === 0) continue;
    for (let i = 0; i < layer.inputs; i++) {
      if (x[i] !== 0)
        step(layer.weights, layer.squares, u * layer.inputs + i, slope * (x[i] as number), rate);
    }
  }
  for (let i = 0; i < features.length; i++) {
    if (features[i] !== 0) step(output.weights, output.squares, i, error * (features[i] as number), rate);
  }
}

export const encodeLayer = (layer: HiddenLayer): Json => ({
  units: layer.units,
  inputs: layer.inputs,
  weights: encodeFloats(layer.weights),
  squares: encodeFloats(layer.squares),
});

/** @throws DomainError `invalid_state`. */
export function decodeLayer(json: Json | undefined): HiddenLayer {
  const stored = stateObject(json ?? null);
  const units = stateNumber(stored['units'], 'units');
  const inputs = stateNumber(stored['inputs'], 'inputs');
  const weights = decodeFloats(stateText(stored['weights'], 'weights'));
  const squares = decodeFloats(stateText(stored['squares'], 'squares'));
  if (weights.length !== units * inputs || squares.length !== units * inputs) {
    throw new DomainError(
      'invalid_state',
      `a layer of ${units} by ${inputs} holds ${weights.length} weights`,
    );
  }
  return { units, inputs, weights, squares };
}
