import { basename } from 'node:path';
import type { SpoolBatch } from './spool-contract.js';
import type { Segment, SpoolEntry, SpoolKind } from './spool-segment.js';

class Batch implements SpoolBatch {
  readonly texts: string[] = [];

  constructor(
    readonly id: string,
    readonly kind: SpoolKind,
  ) {}

  get records(): unknown[] {
    return this.texts.map((text) => JSON.parse(text) as unknown);
  }
}

/** Groups the next records of a segment into batches of one kind each; unreadable lines (null) are left out. */
export function batchesOf(
  segment: Segment,
  entries: readonly (SpoolEntry | null)[],
  limit: number,
): SpoolBatch[] {
  const batches: Batch[] = [];
  const open = new Map<SpoolKind, Batch>();
  const stem = basename(segment.path, '.jsonl');
  entries.forEach((entry, index) => {
    if (entry === null) return;
    let batch = open.get(entry.kind);
    if (batch === undefined || batch.texts.length >= limit) {
      batch = new Batch(`${stem}-${segment.acked + index}`, entry.kind);
      open.set(entry.kind, batch);
      batches.push(batch);
    }
    batch.texts.push(entry.text);
  });
  return batches;
}

/** Time to wait after `failures` hand-overs failed in a row: doubling from 100 ms to 5 s, with jitter. */
export function backoffMs(failures: number): number {
  return Math.min(5000, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/** @throws when `work` has not settled in time; it goes on unobserved. */
export async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer from the queue within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws when the value has no JSON. */
export function textOf(record: unknown): string {
  const text = JSON.stringify(record) as string | undefined;
  if (text === undefined) throw new TypeError('not representable as JSON');
  return text;
}
