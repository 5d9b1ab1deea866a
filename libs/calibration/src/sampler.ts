import { createRng } from '#experiments';

const { log, sqrt } = Math;

const BLOCK = 1024;

/**
 * A fast seeded source of draws for simulations of hundreds of millions of units. The bits are those of sfc32
 * (Doty-Humphrey, PractRand), made in blocks so that the state stays in registers.
 */
export class Sampler {
  private readonly block = new Float64Array(BLOCK);
  private next = BLOCK;
  private readonly state = new Int32Array(4);
  private spare = NaN;

  /** @param seed any text; equal seeds give equal streams on every platform. */
  constructor(seed: string) {
    const words = createRng(seed);
    for (let i = 0; i < 4; i++) this.state[i] = words.below(2 ** 32);
    this.refill();
  }

  private refill(): void {
    const { block, state } = this;
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (let i = 0; i < BLOCK; i++) {
      let t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      const high = t >>> 5;
      t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      block[i] = (high * 67108864 + (t >>> 6)) / 9007199254740992;
    }
    state.set([a, b, c, d]);
    this.next = 0;
  }

  /** Next number in [0, 1), 53 random bits. */
  uniform(): number {
    if (this.next === BLOCK) this.refill();
    return this.block[this.next++] as number;
  }

  /** Integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal draw (Marsaglia polar method). */
  normal(): number {
    const kept = this.spare;
    if (kept === kept) {
      this.spare = NaN;
      return kept;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = sqrt((-2 * log(s)) / s);
        this.spare = v * scale;
        return u * scale;
      }
    }
  }

  /** Exponential draw with mean 1. */
  exponential(): number {
    return -log(1 - this.uniform());
  }

  /** Gamma draw with scale 1 (Marsaglia and Tsang 2000). @param shape > 0. */
  gamma(shape: number): number {
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.uniform()) ** (1 / shape);
    const d = shape - 1 / 3;
    const c = 1 / sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      const u = 1 - this.uniform();
      if (log(u) < 0.5 * x * x + d * (1 - v + log(v))) return d * v;
    }
  }

  /** Chi-square draw. @param df > 0. */
  chiSquare(df: number): number {
    return 2 * this.gamma(df / 2);
  }

  /** Poisson draw by multiplication (Knuth): for small means. */
  poisson(mean: number): number {
    const limit = Math.exp(-mean);
    let k = 0;
    for (let product = this.uniform(); product > limit; product *= this.uniform()) k++;
    return k;
  }
}
