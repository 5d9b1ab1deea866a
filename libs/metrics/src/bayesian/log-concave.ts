/**
 * Integrals of functions given by their logarithm, for posterior probabilities and expected losses. Everything
 * integrated here is log-concave (densities of the beta, gamma and normal laws on a suitable scale, their tails,
 * and products of these), so it has one peak: found first, it makes the integral right in relative terms
 * however small it is and wherever the mass lies.
 */

type LogFunction = (u: number) => number;

/** What lies below the peak by more than this many powers of e is left out. */
const DEPTH = 50;
const MAX_PIECES = 400;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Gauss-Kronrod rule with 7 and 15 nodes (Kronrod 1965): nodes, their weights, weights of every other node. */
const NODES = [
  0.9914553711208126, 0.9491079123427585, 0.8648644233597691, 0.7415311855993945, 0.5860872354676911,
  0.4058451513773972, 0.20778495500789848, 0,
];
const KRONROD = [
  0.022935322010529224, 0.06309209262997856, 0.10479001032225019, 0.14065325971552592, 0.1690047266392679,
  0.19035057806478542, 0.20443294007529889, 0.20948214108472782,
];
const GAUSS = [0.1294849661688697, 0.27970539148927664, 0.3818300505051189, 0.4179591836734694];

interface Piece {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly error: number;
}

function integratePiece(f: LogFunction, low: number, high: number): Piece {
  const half = (high - low) / 2;
  const centre = low + half;
  let kronrod = 0;
  let gauss = 0;
  NODES.forEach((node, i) => {
    const sum = node === 0 ? f(centre) : f(centre - half * node) + f(centre + half * node);
    kronrod += (KRONROD[i] as number) * sum;
    if (i % 2 === 1) gauss += (GAUSS[(i - 1) / 2] as number) * sum;
  });
  return { low, high, value: kronrod * half, error: Math.abs(kronrod - gauss) * half };
}

/** Adaptive integration between consecutive points: the piece with the largest error is halved. */
function integrate(f: LogFunction, points: readonly number[], tolerance: number): number {
  const pieces = points.slice(1).map((high, i) => integratePiece(f, points[i] as number, high));
  for (;;) {
    const total = pieces.reduce((sum, piece) => sum + piece.value, 0);
    const error = pieces.reduce((sum, piece) => sum + piece.error, 0);
    if (!(error > tolerance * total) || pieces.length >= MAX_PIECES) return total;
    const worst = pieces.reduce((a, piece, i) => (piece.error > (pieces[a] as Piece).error ? i : a), 0);
    const { low, high } = pieces[worst] as Piece;
    const middle = low + (high - low) / 2;
    pieces.splice(worst, 1, integratePiece(f, low, middle), integratePiece(f, middle, high));
  }
}

/** Ends between which f has its peak, and the highest point seen. */
interface Bracket {
  readonly a: number;
  readonly b: number;
  readonly middle: number;
  readonly top: number;
}

/** Uphill from `start` in doubling steps until f falls again. */
function climb(f: LogFunction, start: number, scale: number): Bracket {
  const direction = f(start + scale) > f(start - scale) ? 1 : -1;
  let before = start - direction * scale;
  let middle = start;
  let top = f(middle);
  let step = direction * scale;
  let after = middle + step;
  for (let value = f(after); value > top && Number.isFinite(after); value = f(after)) {
    before = middle;
    middle = after;
    top = value;
    step *= 2;
    after = middle + step;
  }
  return { a: Math.min(before, after), b: Math.max(before, after), middle, top };
}

/**
 * A point near enough to the peak, by golden section until the ends of the bracket are nearly as high: f may rise
 * over a distance much shorter than the scale.
 */
function peakOf(f: LogFunction, start: number, scale: number): number {
  let { a, b, middle, top } = climb(f, start, scale);
  for (let i = 0; i < 200 && top - Math.min(f(a), f(b)) > 1; i++) {
    const left = b - GOLDEN * (b - a);
    const right = a + GOLDEN * (b - a);
    if (!(left > a && right < b && left < right)) break;
    const [fl, fr] = [f(left), f(right)];
    const higher = fl < fr ? right : left;
    if (fl < fr) a = left;
    else b = right;
    if (Math.max(fl, fr) > top) {
      top = Math.max(fl, fr);
      middle = higher;
    }
  }
  return middle;
}

/** Where f falls below `cut` on the side of `direction`; exact where f ends there (is -Infinity beyond). */
function edgeOf(f: LogFunction, peak: number, signedScale: number, cut: number): number {
  let inside = peak;
  let step = signedScale;
  while (f(peak + step) > cut && Number.isFinite(peak + 2 * step)) {
    inside = peak + step;
    step *= 2;
  }
  let outside = peak + step;
  for (let i = 0; i < 200; i++) {
    const value = f(outside);
    const near = Math.abs(outside - inside) <= 0.01 * Math.abs(inside - peak);
    if (near && value !== -Infinity) break;
    const middle = inside + (outside - inside) / 2;
    if (middle === inside || middle === outside) break;
    if (f(middle) > cut) inside = middle;
    else outside = middle;
  }
  return f(outside) === -Infinity ? inside : outside;
}

/**
 * Logarithm of the integral of exp(f) over the real line, f concave.
 * @param start a point where f is finite. @param scale the width of what is integrated, roughly; > 0.
 * @param tolerance relative error aimed at; not below the rounding error of exp(f).
 */
export function logIntegral(f: LogFunction, start: number, scale: number, tolerance = 1e-11): number {
  const peak = peakOf(f, start, scale);
  const top = f(peak);
  if (!Number.isFinite(top)) return top;
  const low = edgeOf(f, peak, -scale, top - DEPTH);
  const high = edgeOf(f, peak, scale, top - DEPTH);
  // The distance to the nearer edge on the other side too: a steep wall begins to bend f before the peak.
  const near = Math.min(peak - low, high - peak);
  const points = [low, peak - near, peak, peak + near, high].filter(
    (point, i, all) => i === 0 || point > (all[i - 1] as number),
  );
  return top + Math.log(integrate((u) => Math.exp(f(u) - top), points, tolerance));
}
