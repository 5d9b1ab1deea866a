/** Gamma function family. Tails are right in relative terms: they are computed as logarithms. */

const HALF_LOG_2PI = 0.9189385332046727;
/** Coefficients of Stirling's series, B(2k) / (2k (2k-1)). */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
const MAX_ITERATIONS = 100_000;
/** Two units in the last place: a factor may flicker around 1 for ever at one. */
const EPSILON = 4e-16;

/** lgamma(x) minus Stirling's leading terms, for x >= 10. */
export function stirlingError(x: number): number {
  const inverse = 1 / x;
  const square = inverse * inverse;
  let sum = 0;
  for (let k = STIRLING.length - 1; k >= 0; k--) sum = sum * square + (STIRLING[k] as number);
  return sum * inverse;
}

/** Natural logarithm of the gamma function for x > 0; NaN otherwise. */
export function logGamma(x: number): number {
  if (!(x > 0)) return NaN;
  let product = 1;
  let shifted = x;
  while (shifted < 10) {
    product *= shifted;
    shifted += 1;
  }
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LOG_2PI + stirlingError(shifted) - Math.log(product)
  );
}

/** Logarithm of the beta function, without the cancellation of three lgammas for large arguments. */
export function logBeta(a: number, b: number): number {
  const p = Math.min(a, b);
  const q = Math.max(a, b);
  if (!(p > 0)) return NaN;
  if (q < 10) return logGamma(p) + logGamma(q) - logGamma(p + q);
  const share = p / (p + q);
  if (p >= 10) {
    const correction = stirlingError(p) + stirlingError(q) - stirlingError(p + q);
    return (
      -0.5 * Math.log(q) + HALF_LOG_2PI + correction + (p - 0.5) * Math.log(share) + q * Math.log1p(-share)
    );
  }
  const correction = stirlingError(q) - stirlingError(p + q);
  return logGamma(p) + correction + p - p * Math.log(p + q) + (q - 0.5) * Math.log1p(-share);
}

/** x^a e^-x / Gamma(a) as a logarithm; for large a by the Stirling difference, so that nothing cancels. */
function logGammaPrefactor(a: number, x: number): number {
  if (a < 10) return a * Math.log(x) - x - logGamma(a);
  const mu = (x - a) / a;
  const deviation = Math.abs(mu) < 0.4 ? log1pMinusX(mu) : Math.log1p(mu) - mu;
  return a * deviation + 0.5 * Math.log(a) - HALF_LOG_2PI - stirlingError(a);
}

/** log(1 + x) - x without cancellation near 0. */
export function log1pMinusX(x: number): number {
  if (Math.abs(x) > 0.05) return Math.log1p(x) - x;
  let sum = 0;
  let power = -x;
  for (let k = 2; k < 40; k++) {
    power *= -x;
    const term = -power / k;
    sum += term;
    if (Math.abs(term) < EPSILON * Math.abs(sum)) break;
  }
  return sum;
}

/** Logarithm of the lower regularised incomplete gamma P(a, x), by its series; best for x < a + 1. */
function logGammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let k = 1; k < MAX_ITERATIONS; k++) {
    term *= x / (a + k);
    sum += term;
    if (!(term > sum * 1e-17)) break;
  }
  return logGammaPrefactor(a, x) + Math.log(sum);
}

/** Logarithm of the upper regularised incomplete gamma Q(a, x), by Lentz's continued fraction; x >= a + 1. */
function logGammaFraction(a: number, x: number): number {
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < MAX_ITERATIONS; k++) {
    const an = -k * (k - a);
    b += 2;
    d = 1 / nonZero(an * d + b, tiny);
    c = nonZero(b + an / c, tiny);
    const delta = d * c;
    h *= delta;
    if (isOne(delta)) break;
  }
  return logGammaPrefactor(a, x) + Math.log(h);
}

/** Whether the last factor of a continued fraction changes nothing (or is NaN, which never will). */
export function isOne(delta: number): boolean {
  return !(delta > 1 + EPSILON || delta < 1 - EPSILON);
}

function nonZero(value: number, tiny: number): number {
  return value < tiny && value > -tiny ? tiny : value;
}

/** log(1 - exp(x)) for x <= 0. */
export function log1mExp(x: number): number {
  if (x >= 0) return -Infinity;
  return x > -0.6931471805599453 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x));
}

/** Logarithm of the upper regularised incomplete gamma function Q(a, x), a > 0, x >= 0. */
export function logGammaUpper(a: number, x: number): number {
  if (x <= 0) return 0;
  return x < a + 1 ? log1mExp(logGammaSeries(a, x)) : logGammaFraction(a, x);
}

/** Logarithm of the lower regularised incomplete gamma function P(a, x), a > 0, x >= 0. */
export function logGammaLower(a: number, x: number): number {
  if (x <= 0) return -Infinity;
  return x < a + 1 ? logGammaSeries(a, x) : log1mExp(logGammaFraction(a, x));
}
