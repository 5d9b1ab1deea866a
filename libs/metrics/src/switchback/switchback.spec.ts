import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { switchback } from './switchback.js';
import type { SlotOutcome, SwitchbackResult } from './switchback.js';

const options = { alpha: 0.05, draws: 99, seed: 'test' };

interface World {
  readonly effect?: number;
  /** Share of the effect that is still there in the slot after. */
  readonly carried?: number;
  /** Correlation of the noise of slots that follow each other. */
  readonly rho?: number;
  readonly slots?: number;
}

/** Three markets of different level, with a daily wave and noise that goes on from slot to slot. */
function world(seed: string, { effect = 0, carried = 0, rho = 0, slots = 80 }: World): SlotOutcome[] {
  const rng = createRng(seed);
  return ['de', 'fr', 'us'].flatMap((market, m) => {
    let [noise, before] = [rng.normal(), false];
    return Array.from({ length: slots }, (_, slot): SlotOutcome => {
      const treated = rng.uniform() < 0.5;
      noise = rho * noise + Math.sqrt(1 - rho * rho) * rng.normal();
      const wave = Math.sin((2 * Math.PI * slot) / 48);
      const y = 10 + m + wave + noise + (treated ? effect : 0) + (before ? carried : 0);
      before = treated;
      return { market, slot, treated, y, d: 1 };
    });
  });
}

function ok(slots: readonly SlotOutcome[]): SwitchbackResult {
  const found = switchback(slots, options);
  if (!found.ok) throw new Error(found.reason);
  return found.value;
}

describe('a switchback', () => {
  it('has the difference of means over slots, and without lags the error of Welch', () => {
    const slots = [3, 5, 4, 8, 9, 7].map((y, i) => ({
      market: `m${i}`,
      slot: 0,
      treated: i >= 3,
      y,
      d: 1,
    }));
    const found = ok(slots);
    expect([found.control.mean, found.treatment.mean, found.estimate, found.lags]).toEqual([4, 8, 4, 1]);
    // Variances 1 and 1 of three slots each.
    expect(found.standardError).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(found.carryOver).toBeNull();
  });

  it('counts every reassignment of one market as often as it happens', () => {
    // Of the 20 ways to deal three of six, the observed and its mirror are the only ones as far apart.
    const slots = [1, 2, 3, 10, 11, 12].map((y, slot) => ({
      market: 'fr',
      slot,
      treated: slot >= 3,
      y,
      d: 1,
    }));
    const found = switchback(slots, { ...options, draws: 20_000 });
    expect(found.ok && found.value.randomisationP).toBeCloseTo(0.1, 1);
    expect(switchback(slots, { ...options, draws: 20_000 })).toEqual(found);
  });

  it('keeps its error with correlated slots, finds effects, and tells what is carried over', () => {
    const share = (kind: World, of: (found: SwitchbackResult) => boolean): number => {
      let hits = 0;
      for (let i = 0; i < 100; i++) if (of(ok(world(`${JSON.stringify(kind)} ${i}`, kind)))) hits++;
      return hits / 100;
    };
    const rejects = (found: SwitchbackResult): boolean => found.randomisationP < 0.05;
    const excludes = ({ lower, upper }: SwitchbackResult): boolean => lower > 0 || upper < 0;
    const carries = ({ carryOver }: SwitchbackResult): boolean => (carryOver?.pValue ?? 1) < 0.05;
    // 5 % of 100 has a standard error of 2.2 points: four of them.
    for (const rho of [0, 0.8]) {
      expect(share({ rho }, rejects)).toBeLessThan(0.14);
      expect(share({ rho }, excludes)).toBeLessThan(0.14);
      expect(share({ rho }, carries)).toBeLessThan(0.14);
    }
    expect(share({ rho: 0.5, effect: 1 }, rejects)).toBeGreaterThan(0.9);
    expect(share({ rho: 0.3, effect: 1, carried: 1 }, carries)).toBeGreaterThan(0.9);
  });

  it('says why it has no answer', () => {
    const one = { market: 'fr', slot: 0, treated: true, y: 1, d: 1 };
    expect(switchback([one], options)).toMatchObject({ reason: 'insufficient_units' });
    const flat = [0, 1, 2, 3].map((slot) => ({ ...one, slot, treated: slot > 1 }));
    expect(switchback(flat, options)).toMatchObject({ reason: 'zero_variance' });
    expect(
      switchback(
        flat.map((slot) => ({ ...slot, d: 0 })),
        options,
      ),
    ).toMatchObject({
      reason: 'denominator_zero',
    });
    expect(switchback([{ ...one, y: NaN }], options)).toMatchObject({ reason: 'not_finite' });
  });
});
