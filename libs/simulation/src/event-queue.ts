import type { ClientEvent } from './protocol.js';

export interface Delivery {
  readonly event: ClientEvent;
  readonly deliveredAt: number;
}

/** Events on their way, by time of arrival (binary heap; equal times leave in the order they came). */
export class EventQueue {
  private readonly heap: (Delivery & { order: number })[] = [];
  private order = 0;

  push(delivery: Delivery): void {
    const { heap } = this;
    heap.push({ ...delivery, order: this.order++ });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.before(child, parent)) return;
      this.swap(child, parent);
      child = parent;
    }
  }

  /** The earliest event if it arrives before `limit`. */
  pop(limit: number): Delivery | undefined {
    const { heap } = this;
    const top = heap[0];
    if (!top || top.deliveredAt >= limit) return undefined;
    const last = heap.pop();
    if (last && heap.length > 0) {
      heap[0] = last;
      this.sink();
    }
    return { event: top.event, deliveredAt: top.deliveredAt };
  }

  private sink(): void {
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let first = parent;
      if (left < this.heap.length && this.before(left, first)) first = left;
      if (right < this.heap.length && this.before(right, first)) first = right;
      if (first === parent) return;
      this.swap(first, parent);
      parent = first;
    }
  }

  private before(i: number, j: number): boolean {
    const a = this.heap[i];
    const b = this.heap[j];
    if (!a || !b) return false;
    return a.deliveredAt < b.deliveredAt || (a.deliveredAt === b.deliveredAt && a.order < b.order);
  }

  private swap(i: number, j: number): void {
    const { heap } = this;
    const held = heap[i];
    const other = heap[j];
    if (!held || !other) return;
    heap[i] = other;
    heap[j] = held;
  }
}
