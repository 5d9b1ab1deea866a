import type { Segment } from './spool-segment.js';

/** Of all segments the one whose next line has waited longest, so that no kind starves another. */
export function oldestWaiting(segments: readonly Segment[]): Segment | undefined {
  let oldest: Segment | undefined;
  for (const segment of segments)
    if (segment.waiting > 0 && (!oldest || segment.oldestAt < oldest.oldestAt)) oldest = segment;
  return oldest;
}

/**
 * Makes closed segments that stand safely on disk give up their lines, newest first, until the rest fits.
 * @returns the bytes still held.
 */
export function evictBeyond(segments: readonly Segment[], memoryBytes: number): number {
  let held = 0;
  for (const segment of segments) if (segment.inMemory) held += segment.bytes;
  for (let i = segments.length - 1; i > 0 && held > memoryBytes; i--) {
    const segment = segments[i] as Segment;
    if (!segment.closed || !segment.persisted || !segment.inMemory) continue;
    segment.evict();
    held -= segment.bytes;
  }
  return held;
}

/** Segments with lines that wait since before `since` and may not be on the disk itself. */
export const overdueForSync = (segments: readonly Segment[], since: number): Segment[] =>
  segments.filter(({ waiting, unsynced, oldestAt }) => waiting > 0 && unsynced && oldestAt < since);

/** Lines that end with the process: neither shipped nor in a file. */
export const unsavedIn = (segments: readonly Segment[]): number =>
  segments.reduce((sum, { unsaved }) => sum + unsaved, 0);
