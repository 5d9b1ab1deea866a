import { IntegratedLaw, largestOf } from './integrated-law.js';

/** Ratio of neighbouring panel ends: on one panel a power law is a polynomial to within rounding. */
const GROWTH = 1.6;
/** Share of the mass that may lie beyond the panels. */
const TAIL = 1e-12;

/** Student's t with location and scale. Its tails are power laws, so the panels widen geometrically. */
class StudentLaw extends IntegratedLaw {
  constructor(
    readonly location: number,
    readonly scale: number,
    readonly degrees: number,
    multiplicity: number,
  ) {
    super(multiplicity, scale);
    const ends = [location];
    const reach = reachOf(degrees);
    for (let step = 0.6; ; step *= GROWTH) {
      const end = Math.min(step, reach);
      ends.push(location + scale * end, location - scale * end);
      if (end === reach) break;
    }
    this.settle(ends);
  }

  protected densityAt(x: number): number {
    const z = (x - this.location) / this.scale;
    return Math.exp(-0.5 * (this.degrees + 1) * Math.log1p((z * z) / this.degrees));
  }
}

/**
 * Beyond z deviations lies less than (1 + z^2 / v)^(-v/2) of the mass for v >= 1: where that is TAIL, by
 * z = sqrt(v (TAIL^(-2/v) - 1)).
 */
const reachOf = (degrees: number): number => Math.sqrt(degrees * Math.expm1((-2 / degrees) * Math.log(TAIL)));

/**
 * Probability of each of K independent Student variables to be the largest: what Thompson sampling of means plays
 * under normal-inverse-gamma posteriors.
 * @param location finite. @param scale > 0. @param degrees degrees of freedom, >= 1.
 * @returns probabilities that sum to 1, absolute error below 1e-9.
 */
export function probabilityBestStudent(
  location: Float64Array,
  scale: Float64Array,
  degrees: Float64Array,
): Float64Array {
  const classes = new Map<string, { index: number; size: number }>();
  const classOf = Uint32Array.from(location, (m, i) => {
    const key = `${m} ${scale[i]} ${degrees[i]}`;
    const known = classes.get(key);
    if (known) known.size++;
    else classes.set(key, { index: classes.size, size: 1 });
    return (classes.get(key) as { index: number }).index;
  });
  const sizes = [...classes.values()];
  const first = sizes.map(({ index }) => classOf.indexOf(index));
  const laws = first.map(
    (i, c) =>
      new StudentLaw(
        location[i] as number,
        scale[i] as number,
        degrees[i] as number,
        (sizes[c] as { size: number }).size,
      ),
  );
  return largestOf(laws, classOf);
}
