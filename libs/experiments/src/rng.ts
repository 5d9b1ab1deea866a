/** Bound once: a lookup of the global on every draw costs where globals are proxied. */
const { imul, sqrt, log, floor } = Math;

/** The only source of chance in the libs: seeded, so that every decision and simulation can be replayed. */
export interface Rng {
  /** Next number in [0, 1), 53 random bits. */
  uniform(): number;
  /** Standard normal draw (Marsaglia polar method). */
  normal(): number;
  /** Integer in [0, n). */
  below(n: number): number;
  /** An independent stream that depends only on this generator's seed and the label, not on draws made so far. */
  fork(label: string): Rng;
}

/** cyrb128-style mixing of a string into four 32-bit words; good enough to seed, not for cryptography. */
function seedWords(text: string): [number, number, number, number] {
  let a = 1779033703;
  let b = 3144134277;
  let c = 1013904242;
  let d = 2773480762;
  for (let i = 0; i < text.length; i++) {
    const k = text.charCodeAt(i);
    a = b ^ imul(a ^ k, 597399067);
    b = c ^ imul(b ^ k, 2869860233);
    c = d ^ imul(c ^ k, 951274213);
    d = a ^ imul(d ^ k, 2716044179);
  }
  a = imul(c ^ (a >>> 18), 597399067);
  b = imul(d ^ (b >>> 22), 2869860233);
  c = imul(a ^ (c >>> 17), 951274213);
  d = imul(b ^ (d >>> 19), 2716044179);
  return [(a ^ b ^ c ^ d) >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes BigCrush.
 * @param seed any text; equal seeds give equal streams on every platform.
 */
export function createRng(seed: string): Rng {
  let [a, b, c, d] = seedWords(seed);
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 15; i++) next();
  const uniform = (): number => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  let spare: number | null = null;
  const normal = (): number => {
    if (spare !== null) {
      const value = spare;
      spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * uniform() - 1;
      const v = 2 * uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) {
        const scale = sqrt((-2 * log(s)) / s);
        spare = v * scale;
        return u * scale;
      }
    }
  };
  return {
    uniform,
    normal,
    below: (n) => floor(uniform() * n),
    fork: (label) => createRng(`${seed}\u0000${label}`),
  };
}
