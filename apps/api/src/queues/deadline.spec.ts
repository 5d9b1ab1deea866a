import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from './deadline.js';

describe('withDeadline', () => {
  it('passes on what the work gives in time, also its error', async () => {
    await expect(withDeadline(sleep(1, 'done'), 1000)).resolves.toBe('done');
    await expect(withDeadline(Promise.reject(new Error('refused')), 1000)).rejects.toThrow('refused');
  });

  it('gives up on work that hangs, and says after how long', async () => {
    await expect(withDeadline(new Promise(() => undefined), 20)).rejects.toThrow('no answer within 20 ms');
  });
});
