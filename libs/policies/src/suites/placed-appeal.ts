import type { Rng } from '#experiments';
import { drawBeta } from '../sampling/beta.js';
import { lasting } from './evidence.js';
import type { LiveEvidence } from './evidence.js';
import type { SlateFill } from './slates.js';

/** Appeal of item i at place k: appeal[i][k]. Members look from the top and choose the first item that appeals. */
export type PlacedAppeal = readonly (readonly number[])[];

function chance(appeal: PlacedAppeal, slate: ArrayLike<number>): number {
  let missed = 1;
  for (let k = 0; k < slate.length; k++)
    missed *= 1 - ((appeal[slate[k] as number] as readonly number[])[k] as number);
  return 1 - missed;
}

/** Chance of a choice on the best of all slates, by trying all of them. */
export function bestChance(appeal: PlacedAppeal, slots: number, slate: readonly number[] = []): number {
  if (slate.length === slots) return chance(appeal, slate);
  const open = appeal.map((_row, i) => i).filter((i) => !slate.includes(i));
  return Math.max(...open.map((i) => bestChance(appeal, slots, [...slate, i])));
}

interface SlateLearner {
  fill(slate: Int32Array, rng: Rng): void;
  learn(slate: Int32Array, chosen: number): void;
}

/** One posterior per item, learned down to the choice: the cascade model, for which places do not matter. */
export function cascadeLearner(items: number, fill: SlateFill): SlateLearner {
  const evidence = lasting(items);
  const taken = new Uint8Array(items);
  return {
    fill: (slate, rng) => fill(evidence, slate, taken, rng),
    learn: (slate, chosen) => {
      for (let k = 0; k < slate.length && k <= chosen; k++)
        evidence.add(slate[k] as number, k === chosen ? 1 : 0);
    },
  };
}

/** A Thompson bandit per place, as `ranked-bandit` is served: each learns from every slate what was chosen there. */
export function rankedLearner(items: number, slots: number): SlateLearner {
  const places = Array.from({ length: slots }, () => lasting(items));
  return {
    fill: (slate, rng) => {
      for (let k = 0; k < slots; k++)
        slate[k] = drawOpen(places[k] as LiveEvidence, slate.subarray(0, k), rng);
    },
    learn: (slate, chosen) =>
      places.forEach((place, k) => place.add(slate[k] as number, k === chosen ? 1 : 0)),
  };
}

/** The largest of one draw per item that does not stand above. */
function drawOpen({ weight, sum }: LiveEvidence, above: Int32Array, rng: Rng): number {
  let best = -1;
  let most = -1;
  for (let i = 0; i < weight.length; i++) {
    if (above.includes(i)) continue;
    const s = sum[i] as number;
    const draw = drawBeta(1 + s, 1 + (weight[i] as number) - s, rng);
    if (draw > most) [best, most] = [i, draw];
  }
  return best;
}

/** @returns cumulated pseudo-regret in choices, against the best slate. */
export function playPlaced(
  appeal: PlacedAppeal,
  slots: number,
  rounds: number,
  learner: SlateLearner,
  rng: Rng,
): number {
  const slate = new Int32Array(slots);
  const best = bestChance(appeal, slots);
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    learner.fill(slate, rng);
    regret += best - chance(appeal, slate);
    let chosen = 0;
    while (
      chosen < slots &&
      rng.uniform() >= ((appeal[slate[chosen] as number] as readonly number[])[chosen] as number)
    )
      chosen++;
    learner.learn(slate, chosen);
  }
  return regret;
}
