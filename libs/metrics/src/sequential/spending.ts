import { normalLogSf, normalQuantile } from '../distributions/index.js';

/** How the error is spread over the course of an experiment. `rho` > 0 only for `power` (Kim and DeMets 1987). */
export type Spending =
  | { readonly kind: 'obrien_fleming' }
  | { readonly kind: 'pocock' }
  | { readonly kind: 'power'; readonly rho: number };

/**
 * Error spent up to information fraction t, of `alpha` in all (one side), by the functions of Lan and DeMets
 * (1983): 2 (1 - Phi(z(1 - alpha/2) / sqrt t)), alpha log(1 + (e - 1) t), and alpha t^rho. Nothing at t <= 0,
 * everything from t = 1 on.
 */
export function alphaSpent(spending: Spending, alpha: number, t: number): number {
  if (t <= 0) return 0;
  if (t >= 1) return alpha;
  switch (spending.kind) {
    case 'obrien_fleming':
      return 2 * Math.exp(normalLogSf(-normalQuantile(alpha / 2) / Math.sqrt(t)));
    case 'pocock':
      return alpha * Math.log1p((Math.E - 1) * t);
    case 'power':
      return alpha * t ** spending.rho;
  }
}
