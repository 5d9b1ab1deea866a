import type { Uniforms } from './counted-rng.js';

/** Puts the values into any order, each as likely, in place (Fisher and Yates 1938; Durstenfeld 1964). @returns the same. */
export function shuffle<A extends Uint32Array | unknown[]>(values: A, rng: Pick<Uniforms, 'below'>): A {
  const swapped = values as unknown[];
  for (let i = values.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [swapped[i], swapped[j]] = [swapped[j], swapped[i]];
  }
  return values;
}
