import { describe, expect, it } from '@jest/globals';
import { AnswerCache } from './answer-cache.js';

describe('AnswerCache', () => {
  it('computes once for all who ask, again when the time is over, and keeps no failure', async () => {
    let now = 0;
    let calls = 0;
    const cache = new AnswerCache(100, 2, () => now);
    const ask = (key = 'a') => cache.get(key, () => Promise.resolve(++calls));
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    now = 99;
    expect(await ask()).toBe(1);
    now = 100;
    expect(await ask()).toBe(2);
    await expect(cache.get('bad', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cache.get('bad', () => Promise.resolve('yes'))).toBe('yes');
    // Two at most: the oldest has gone.
    await ask('b');
    expect(await ask()).toBe(4);
  });
});
