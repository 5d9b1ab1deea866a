/**
 * GrowthBook-compatible hashing, so that any GrowthBook SDK evaluating locally lands in the same arm.
 *
 * Salts. One hash function, one salt per purpose; no two purposes share one, because reusing the gate's hash for the
 * split leaves only part of the split reachable (Unleash node-sdk#533):
 *
 * | purpose              | salt                        | compared with                                             |
 * | holdout membership   | `holdout.salt`              | [0, share)                                                |
 * | layer membership     | `layer.salt`                | `experiment.layerRange` (a GrowthBook `filters` entry)    |
 * | traffic and split    | `experiment.salt`           | `getBucketRanges(arms, traffic, weights)`                 |
 * | exploration's draws  | `explorationSeed(...)`      | a seeded stream (rng.ts), not this hash                   |
 *
 * Traffic and split share a number on purpose and safely: the share of traffic cuts each arm's range
 * [start, start + traffic * weight) from its end, so the arms keep their proportions and raising it only appends units.
 */

/** Version 2 resolves this many buckets: no share below 1 / BUCKETS can be expressed. */
export const BUCKETS = 10_000;

export type BucketRange = readonly [from: number, to: number];

/** Bound once: a lookup of the global on every character costs where globals are proxied. */
const { imul, floor } = Math;

const FNV_OFFSET = 2166136261;
const FNV_PRIME = 16777619;

/**
 * FNV-1a, 32 bits, over UTF-16 code units (as GrowthBook does; not over UTF-8 bytes).
 * @param state result for a prefix: `fnv1a32(b, fnv1a32(a)) === fnv1a32(a + b)`.
 */
export function fnv1a32(text: string, state: number = FNV_OFFSET): number {
  let hash = state;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

/** `fnv1a32(String(value))` for an unsigned 32-bit integer, without building the string. */
function fnv1a32OfDecimal(value: number): number {
  let divisor = 1;
  while (divisor * 10 <= value) divisor *= 10;
  let hash = FNV_OFFSET;
  let rest = value;
  for (; divisor >= 1; divisor /= 10) {
    const digit = floor(rest / divisor);
    rest -= digit * divisor;
    hash = imul(hash ^ (48 + digit), FNV_PRIME);
  }
  return hash >>> 0;
}

/** A salt digested once, for the hot path: see `bucketIndex`. */
export function digestSalt(salt: string): number {
  return fnv1a32(salt);
}

/** The version 2 bucket of a unit as an integer in [0, BUCKETS). Allocates nothing. */
export function bucketIndex(saltDigest: number, unitId: string): number {
  return fnv1a32OfDecimal(fnv1a32(unitId, saltDigest)) % BUCKETS;
}

/** Which of GrowthBook's hashes a salt is used with. New things use 2; 1 keeps the arms of what was taken over. */
export type HashVersion = 1 | 2;

/** Buckets of version 2 from one bucket of version 1 to the next, which has 1,000. */
const STEP = BUCKETS / 1000;

/** The version 1 bucket of a unit on the scale of version 2: a multiple of 10 in [0, BUCKETS). Its id is hashed first. */
export function oldBucketIndex(salt: string, unitId: string): number {
  return (fnv1a32(salt, fnv1a32(unitId)) % 1000) * STEP;
}

/** The bucket of a unit as an integer in [0, BUCKETS), of either version. */
export const bucketOf = (salt: string, version: HashVersion = 2): ((unitId: string) => number) => {
  const digest = digestSalt(salt);
  return version === 1 ? (unitId) => oldBucketIndex(salt, unitId) : (unitId) => bucketIndex(digest, unitId);
};

/** The version 2 number of a unit in [0, 1), a multiple of 1 / BUCKETS. */
export function bucket(salt: string, unitId: string): number {
  return bucketIndex(digestSalt(salt), unitId) / BUCKETS;
}

/**
 * GrowthBook's `hash`.
 * @param version 1 (1,000 buckets; biased for nested tests, kept for old namespaces) or 2 (10,000 buckets).
 * @returns a number in [0, 1), or null for any other version: then the unit is excluded.
 */
export function hash(seed: string, value: string, version: number): number | null {
  if (version === 2) return bucket(seed, value);
  if (version === 1) return (fnv1a32(seed, fnv1a32(value)) % 1000) / 1000;
  return null;
}

/** n equal weights; none for n < 1. */
export function getEqualWeights(n: number): number[] {
  return n < 1 ? [] : Array.from({ length: n }, () => 1 / n);
}

/**
 * GrowthBook's `getBucketRanges`: arm i owns [start_i, start_i + coverage * w_i) with start_i the sum of earlier weights.
 * @param coverage share of traffic, clamped to [0, 1].
 * @param weights equal weights where null, of the wrong length, or not summing to 1 within 0.01.
 */
export function getBucketRanges(
  arms: number,
  coverage: number,
  weights: readonly number[] | null,
): BucketRange[] {
  const share = Math.min(1, Math.max(0, coverage));
  const total = weights?.reduce((sum, weight) => sum + weight, 0) ?? 0;
  const usable = weights !== null && weights.length === arms && total >= 0.99 && total <= 1.01;
  let start = 0;
  return (usable ? weights : getEqualWeights(arms)).map((weight) => {
    const from = start;
    start += weight;
    return [from, from + share * weight] as const;
  });
}

/** Half-open: from <= n < to. */
export function inRange(n: number, range: BucketRange): boolean {
  return n >= range[0] && n < range[1];
}

/** Index of the range that holds n; -1 where none does. */
export function chooseVariation(n: number, ranges: readonly BucketRange[]): number {
  for (let i = 0; i < ranges.length; i++) {
    const range = ranges[i];
    if (range && n >= range[0] && n < range[1]) return i;
  }
  return -1;
}

/** GrowthBook's legacy namespaces: version 1 hash of the id with the seed `__namespace`. */
export function inNamespace(
  unitId: string,
  namespace: readonly [id: string, from: number, to: number],
): boolean {
  const n = hash(`__${namespace[0]}`, unitId, 1);
  return n !== null && n >= namespace[1] && n < namespace[2];
}

/** How many of the numbers 0, 1/BUCKETS, ... lie below x: exact where x * BUCKETS is not (0.07 * 10,000 > 700). */
function bucketsBelow(x: number): number {
  let count = Math.min(BUCKETS, Math.max(0, Math.ceil(x * BUCKETS)));
  while (count > 0 && (count - 1) / BUCKETS >= x) count--;
  while (count < BUCKETS && count / BUCKETS < x) count++;
  return count;
}

/** The version 2 buckets of a range as integers, for the hot path: `inRange(n / BUCKETS, range)` is `from <= n < to`. */
export function bucketBounds(range: BucketRange): BucketRange {
  return [bucketsBelow(range[0]), bucketsBelow(range[1])];
}

/** Number of version 2 buckets that fall into a range. */
export function bucketCount(range: BucketRange): number {
  const [from, to] = bucketBounds(range);
  return Math.max(0, to - from);
}

/** Number of version 1 buckets that fall into a range, each as the ten of version 2 in its place. */
export function oldBucketCount(range: BucketRange): number {
  const [from, to] = bucketBounds(range);
  return Math.max(0, Math.ceil(to / STEP) - Math.ceil(from / STEP)) * STEP;
}

/** The salt of a layer, a holdout or an experiment made from its key. Keys hold no colon, so none can collide. */
export const defaultSalt = {
  layer: (key: string): string => `layer:${key}`,
  holdout: (key: string): string => `holdout:${key}`,
  /** The key itself, because GrowthBook SDKs take the experiment's key as the seed. */
  experiment: (key: string): string => key,
} as const;

/**
 * Seed of an exploration stream (`createRng`). Independent of gate, layer and split, and of other subjects.
 * @param parts unit, surface, subject, snapshot version, steady period...: equal parts give equal draws. Each part is
 *   length-prefixed, so ("ab", "c") and ("a", "bc") differ.
 */
export function explorationSeed(salt: string, ...parts: readonly string[]): string {
  let seed = `7:explore${salt.length}:${salt}`;
  for (const part of parts) seed += `${part.length}:${part}`;
  return seed;
}
