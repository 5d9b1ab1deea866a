import { describe, expect, it } from '@jest/globals';
import { all, create } from 'mathjs';
import { betaCdf, logBeta, logGamma, normalCdf } from './index.js';

const math = create(all ?? {});

/** Special functions against mathjs, in the middle range where both are exact; the tails are tested by reference files. */
describe('special functions against mathjs', () => {
  it.each([-3, -1.5, -0.2, 0, 0.7, 1.96, 3.3])('normal cdf at %p', (z) => {
    expect(normalCdf(z)).toBeCloseTo((1 + (math.erf(z / Math.SQRT2) as number)) / 2, 12);
  });

  it.each([0.5, 1, 2.5, 7, 30.25, 120])('log gamma at %p', (x) => {
    expect(logGamma(x) - (math.lgamma(x) as unknown as number)).toBeCloseTo(0, 9); // mathjs's own Lanczos series ends there
  });

  it('log beta from gammas', () => {
    const wanted =
      ((math.gamma(3.5) as number) * (math.gamma(4.25) as number)) / (math.gamma(7.75) as number);
    expect(logBeta(3.5, 4.25)).toBeCloseTo(Math.log(wanted), 12);
  });

  it('incomplete beta as a binomial tail', () => {
    const [n, k, p] = [20, 7, 0.3];
    let tail = 0;
    for (let i = k; i <= n; i++) tail += (math.combinations(n, i) as number) * p ** i * (1 - p) ** (n - i);
    expect(betaCdf(p, k, n - k + 1)).toBeCloseTo(tail, 13);
  });
});
