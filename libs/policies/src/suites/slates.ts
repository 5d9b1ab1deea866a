import type { Rng } from '#experiments';
import { drawBeta } from '../sampling/beta.js';
import type { Bounds } from './players.js';
import { lasting } from './evidence.js';
import type { LiveEvidence } from './evidence.js';

/** Fills the slate by index, with an argmax over what is left. */
export type SlateFill = (evidence: LiveEvidence, slate: Int32Array, taken: Uint8Array, rng: Rng) => void;

/** The largest of one draw of all posteriors, in order: the law of each slot as it is served. */
export function thompsonFill(items: number): SlateFill {
  const draws = new Float64Array(items);
  return ({ weight, sum }, slate, taken, rng) => {
    taken.fill(0);
    for (let i = 0; i < items; i++) {
      const s = sum[i] as number;
      draws[i] = drawBeta(1 + s, 1 + Math.max(0, (weight[i] as number) - s), rng);
    }
    for (let slot = 0; slot < slate.length; slot++) {
      const item = highestOpen(draws, taken, rng);
      slate[slot] = item;
      taken[item] = 1;
    }
  };
}

/** Items by bound, ties at random. */
export function boundsFill(bounds: Bounds, items: number): SlateFill {
  const values = new Float64Array(items);
  let round = 0;
  return (evidence, slate, taken, rng) => {
    bounds(evidence, Math.log(++round), values);
    taken.fill(0);
    for (let slot = 0; slot < slate.length; slot++) {
      const item = highestOpen(values, taken, rng);
      slate[slot] = item;
      taken[item] = 1;
    }
  };
}

function highestOpen(values: Float64Array, taken: Uint8Array, rng: Rng): number {
  let best = -1;
  let most = -Infinity;
  let ties = 0;
  for (let i = 0; i < values.length; i++) {
    if (taken[i] !== 0) continue;
    const value = values[i] as number;
    if (best < 0 || value > most) {
      most = value;
      best = i;
      ties = 1;
    } else if (value === most && rng.uniform() * ++ties < 1) best = i;
  }
  return best;
}

/**
 * Cascade world (Kveton et al. 2015): `slots` items attract with probability p, the others with p - gap; the member
 * looks from the top, clicks on the first item that attracts and leaves.
 * @returns cumulated pseudo-regret: probability of a click on the best slate less that on the shown one.
 */
export function playCascade(
  world: { readonly items: number; readonly slots: number; readonly p: number; readonly gap: number },
  rounds: number,
  fill: SlateFill,
  rng: Rng,
): number {
  const { items, slots, p, gap } = world;
  const evidence = lasting(items);
  const slate = new Int32Array(slots);
  const taken = new Uint8Array(items);
  const attraction = Float64Array.from({ length: items }, (_, i) => (i < slots ? p : p - gap));
  const best = 1 - (1 - p) ** slots;
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    fill(evidence, slate, taken, rng);
    let missed = 1;
    for (const item of slate) missed *= 1 - (attraction[item] as number);
    regret += best - (1 - missed);
    for (const item of slate) {
      const click = rng.uniform() < (attraction[item] as number);
      evidence.add(item, click ? 1 : 0);
      if (click) break;
    }
  }
  return regret;
}

/**
 * Position-based world: item i at position k is chosen with probability examination_k * attraction_i.
 * @param trial what a view at each position counts as: the examination, or 1 for a policy that ignores positions.
 * @returns cumulated pseudo-regret in choices.
 */
export function playPositions(
  world: { readonly attraction: readonly number[]; readonly examination: readonly number[] },
  rounds: number,
  trial: readonly number[],
  fill: SlateFill,
  rng: Rng,
): number {
  const { attraction, examination } = world;
  const evidence = lasting(attraction.length);
  const slate = new Int32Array(examination.length);
  const taken = new Uint8Array(attraction.length);
  const ordered = [...attraction].sort((a, b) => b - a);
  const best = examination.reduce((sum, e, k) => sum + e * (ordered[k] as number), 0);
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    fill(evidence, slate, taken, rng);
    let expected = 0;
    for (let k = 0; k < slate.length; k++) {
      const item = slate[k] as number;
      const rate = (examination[k] as number) * (attraction[item] as number);
      expected += rate;
      evidence.weight[item] = (evidence.weight[item] as number) + (trial[k] as number);
      if (rng.uniform() < rate) evidence.sum[item] = (evidence.sum[item] as number) + 1;
    }
    regret += best - expected;
  }
  return regret;
}
