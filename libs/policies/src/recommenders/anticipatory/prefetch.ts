import type { Action } from '../../contract.js';

/**
 * Which titles to load ahead under a budget: greedily by probability per size, or the single most probable one that fits,
 * whichever is used with the greater probability (at least half of the best that is possible; Dantzig 1957).
 * @param size feature with a title's size. A title without one is left out: nobody knows whether it fits.
 * @param budget in the same unit.
 * @returns 1 for each title of the choice.
 */
export function withinBudget(
  actions: readonly Action[],
  probabilities: Float64Array,
  size: string,
  budget: number,
): Uint8Array {
  const sizes = actions.map(({ features }) => {
    const given = features[size];
    return typeof given === 'number' && given > 0 ? given : Infinity;
  });
  const worth = (i: number): number => (probabilities[i] as number) / (sizes[i] as number);
  const fitting = [...actions.keys()].filter((i) => (sizes[i] as number) <= budget);
  const chosen = new Uint8Array(actions.length);
  let left = budget;
  let total = 0;
  for (const i of fitting.sort((a, b) => worth(b) - worth(a) || a - b)) {
    if ((sizes[i] as number) > left) continue;
    chosen[i] = 1;
    left -= sizes[i] as number;
    total += probabilities[i] as number;
  }
  const best = fitting.reduce(
    (top, i) => ((probabilities[i] as number) > (probabilities[top] ?? -1) ? i : top),
    -1,
  );
  if (best >= 0 && (probabilities[best] as number) > total) chosen.fill(0)[best] = 1;
  return chosen;
}
