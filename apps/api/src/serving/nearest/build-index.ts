import { workerData } from 'node:worker_threads';
import { newIndex, widthOf } from './usearch.js';
import type { IndexedVectors } from './usearch.js';

/** Titles that are added at once: between two rounds the thread can be ended. */
const AT_ONCE = 10_000;

/** Body of a thread: builds an index in the order of the rows, by one thread, so that the same rows give the same index. */
const { vectors, file } = workerData as { readonly vectors: IndexedVectors; readonly file: string };
const { biases, dimension, rows } = vectors;
const width = widthOf(vectors);
const count = rows.length / dimension;
const index = await newIndex(width);
for (let from = 0; from < count; from += AT_ONCE) {
  const size = Math.min(AT_ONCE, count - from);
  const block = new Float32Array(size * width);
  for (let i = 0; i < size; i++) {
    block.set(rows.subarray((from + i) * dimension, (from + i + 1) * dimension), i * width);
    if (biases !== null) block[(i + 1) * width - 1] = biases[from + i] as number;
  }
  index.add(
    BigUint64Array.from({ length: size }, (_, i) => BigInt(from + i)),
    block,
    1,
  );
}
index.save(file);
