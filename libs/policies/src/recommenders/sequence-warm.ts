import type { TrainingSet } from '../contract.js';
import type { Parameters } from '../nets/parameters.js';
import { ITEM_VECTORS } from '../nets/sequence-net.js';
import { ITEM_BIAS } from '../nets/tied-softmax.js';
import { signalSizes } from './sequence-signals.js';
import type { SignalVocabulary } from './sequence-signals.js';
import { warmRows } from './warm-rows.js';

/** A trained network and what its rows stand for. */
export interface Learned {
  readonly dimension: number;
  readonly items: readonly string[];
  readonly signals: SignalVocabulary;
  readonly weights: Float32Array;
}

/** What the rows of the tables of signals stand for, table by table; classes of gaps are always the same. */
const namesOf = (vocabulary: SignalVocabulary): readonly (readonly string[])[] => [
  vocabulary.actions,
  vocabulary.devices,
  Array.from({ length: signalSizes(vocabulary)[2] ?? 0 }, (_, i) => String(i)),
];

/** Rows by name; new ones are 0, as where nothing is known. */
function rowsByName(
  rows: Float32Array,
  width: number,
  old: readonly string[],
  names: readonly string[],
): Float32Array {
  const warm = new Float32Array(names.length * width);
  names.forEach((name, i) => {
    const row = old.indexOf(name);
    if (row >= 0) warm.set(rows.subarray(row * width, (row + 1) * width), i * width);
  });
  return warm;
}

/**
 * Learned weights in the place of drawn ones. Those of titles, actions and devices go by name; new titles begin at what they are
 * like. The networks are of the same cell, dimension, length and blocks.
 */
export function beginWith(
  parameters: Parameters,
  from: Learned,
  data: TrainingSet,
  vocabulary: SignalVocabulary,
): void {
  const weights = new Float32Array(parameters.length);
  const [before, now] = [namesOf(from.signals), namesOf(vocabulary)];
  let [at, old] = [0, 0];
  const take = (length: number): Float32Array => from.weights.subarray(old, (old += length));
  for (const { name, length } of parameters.list) {
    const table = /^signal (\d+)$/.exec(name)?.[1];
    const known = before[Number(table)] ?? [];
    let part: Float32Array;
    if (name === ITEM_VECTORS || name === ITEM_BIAS) {
      const width = length / data.items.length;
      part = warmRows(take(width * from.items.length), width, from.items, data);
    } else if (table === undefined) part = take(length);
    else
      part = rowsByName(take(known.length * from.dimension), from.dimension, known, now[Number(table)] ?? []);
    weights.set(part, at);
    at += length;
  }
  parameters.restore(weights);
}
