import { describe, expect, it } from '@jest/globals';
import type { BanditPolicy } from '../contract.js';
import { policyRegistry } from '../index.js';
import { incrementalReward } from './reward.js';
import { HIT_AND_FIND, playShowing } from './showing-worlds.js';
import type { Learned, ShowingRun } from './showing-worlds.js';

const SHARE = 0.03;

describe('the incremental reward', () => {
  it('has the lift as its mean, however wrong the baseline is (exact expectation)', () => {
    for (const baseline of [-3, 0, 0.58, 40])
      for (const { shown, hidden } of Object.values(HIT_AND_FIND)) {
        let mean = 0;
        for (const withheld of [true, false]) {
          const propensity = withheld ? SHARE : 1 - SHARE;
          const played = withheld ? hidden : shown;
          for (const outcome of [0, 1])
            mean +=
              propensity *
              (outcome === 1 ? played : 1 - played) *
              incrementalReward(outcome, baseline, { withheld, propensity });
        }
        expect(mean).toBeCloseTo(shown - hidden, 10);
      }
  });
});

describe('learning what showing brings', () => {
  const play = (key: string, learned: Learned, batches: number): ShowingRun =>
    playShowing(policyRegistry.get(key) as BanditPolicy, HIT_AND_FIND, {
      learned,
      seed: `${learned} ${key}`,
      batches,
      from: batches / 2,
    });

  it.each([
    ['thompson-normal', 40],
    ['epsilon-greedy', 40],
    ['linear-thompson', 16],
  ] as const)('%s shows what is played because of it, and not what is played anyway', (key, batches) => {
    const [plain, incremental] = [play(key, 'plain', batches), play(key, 'incremental', batches)];
    const measured = (batches / 2) * 500;
    expect((plain.counts['hit'] ?? 0) / measured).toBeGreaterThan(0.85);
    expect((incremental.counts['find'] ?? 0) / measured).toBeGreaterThan(0.85);
    // The best possible is 0.24; what the plain policy causes is little more than 0.02.
    expect(plain.caused).toBeLessThan(0.06);
    expect(incremental.caused).toBeGreaterThan(0.2);
  });
});
