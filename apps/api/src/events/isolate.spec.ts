import { describe, expect, it } from '@jest/globals';
import { isTransient, storeOrIsolate } from './isolate.js';

const failure = (code: string, message = 'failed'): Error => Object.assign(new Error(message), { code });

describe('isolating poison', () => {
  it.each([[0], [31], [63]])('stores everything but the poison at %i, in few attempts', async (poison) => {
    const stored: number[] = [];
    const isolated: [number, string][] = [];
    let attempts = 0;
    await storeOrIsolate(
      Array.from({ length: 64 }, (_, i) => i),
      async (part) => {
        attempts += 1;
        if (part.includes(poison)) throw failure('22P02', 'bad number');
        stored.push(...part);
      },
      async (record, reason) => void isolated.push([record, reason]),
    );
    expect(stored.sort((a, b) => a - b)).toEqual(
      Array.from({ length: 64 }, (_, i) => i).filter((i) => i !== poison),
    );
    expect(isolated).toEqual([[poison, 'bad number']]);
    expect(attempts).toBeLessThanOrEqual(13);
  });

  it('isolates all of a batch that is all poison', async () => {
    const isolated: number[] = [];
    await storeOrIsolate(
      [1, 2, 3],
      () => Promise.reject(failure('23514')),
      async (record) => void isolated.push(record),
    );
    expect(isolated).toEqual([1, 2, 3]);
  });

  it.each([['ECONNREFUSED'], ['57P01'], ['40P01'], ['53300'], ['42P01'], ['08006']])(
    'leaves the batch whole on %s',
    async (code) => {
      let isolated = 0;
      const error = failure(code);
      await expect(
        storeOrIsolate(
          [1, 2],
          () => Promise.reject(error),
          async () => void isolated++,
        ),
      ).rejects.toBe(error);
      expect(isolated).toBe(0);
    },
  );

  it('knows lost connections without a code, and does not mistake a bad record for one', () => {
    expect(isTransient(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isTransient(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isTransient(failure('22021', 'invalid byte sequence: timeout'))).toBe(false);
    expect(isTransient(new TypeError('x is not a function'))).toBe(false);
  });
});
