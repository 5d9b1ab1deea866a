import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { EventLines } from '../queues/jobs.js';
import { EventBatcher } from './event-batcher.js';

const lines = (count: number, at = 1): EventLines => ({
  count,
  firstAt: at,
  lastAt: at,
  lines: `${'x\n'.repeat(count)}`,
});
const LIMITS = { flushAt: 500, lingerMs: 10, most: 1000, inFlight: 1 };

describe('joining the batches of concurrent requests', () => {
  it('sends what comes within the linger time together', async () => {
    const sent: EventLines[] = [];
    const batcher = new EventBatcher(async (batch) => void sent.push(batch), LIMITS);
    await Promise.all([batcher.add(lines(1, 5)), batcher.add(lines(2, 3)), batcher.add(lines(3, 9))]);
    expect(sent).toEqual([{ count: 6, firstAt: 3, lastAt: 9, lines: 'x\n'.repeat(6) }]);
  });

  it('lets batches grow while a hand-over is under way, up to the limit', async () => {
    const sizes: number[] = [];
    const batcher = new EventBatcher(async ({ count }) => {
      sizes.push(count);
      await sleep(20);
    }, LIMITS);
    await Promise.all(Array.from({ length: 10 }, () => batcher.add(lines(500))));
    expect(sizes.reduce((a, b) => a + b)).toBe(5000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
    expect(sizes.length).toBeLessThanOrEqual(6);
  });

  it('tells each request of a failed hand-over, and goes on', async () => {
    let fail = true;
    const batcher = new EventBatcher(
      () => (fail ? Promise.reject(new Error('away')) : Promise.resolve()),
      LIMITS,
    );
    const results = await Promise.allSettled([batcher.add(lines(1)), batcher.add(lines(1))]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    fail = false;
    await expect(batcher.add(lines(1))).resolves.toBeUndefined();
  });

  it('resolves only after the hand-over', async () => {
    let done = false;
    const batcher = new EventBatcher(async () => {
      await sleep(15);
      done = true;
    }, LIMITS);
    await batcher.add(lines(600));
    expect(done).toBe(true);
  });
});
