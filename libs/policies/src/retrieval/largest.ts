/**
 * Places of the largest values, the largest first; of equals the earlier ones. Keeps the best so far in a heap with the
 * least of them on top, so that most values are looked at once.
 */
export function largest(values: ArrayLike<number>, count: number): Uint32Array {
  const size = Math.min(count, values.length);
  const heap = new Uint32Array(size);
  for (let i = 0; i < size; i++) heap[i] = i;
  for (let i = (size >> 1) - 1; i >= 0; i--) sink(heap, i, size, values);
  for (let i = size; i < values.length && size > 0; i++) {
    if ((values[i] as number) <= (values[heap[0] as number] as number)) continue;
    heap[0] = i;
    sink(heap, 0, size, values);
  }
  return heap.sort((a, b) => (values[b] as number) - (values[a] as number) || a - b);
}

/** Whether a is to go before b when one of them has to. */
const isWorse = (a: number, b: number, values: ArrayLike<number>): boolean =>
  (values[a] as number) < (values[b] as number) || (values[a] === values[b] && a > b);

function sink(heap: Uint32Array, from: number, size: number, values: ArrayLike<number>): void {
  const moved = heap[from] as number;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && isWorse(heap[child + 1] as number, heap[child] as number, values)) child++;
    if (!isWorse(heap[child] as number, moved, values)) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = moved;
}
