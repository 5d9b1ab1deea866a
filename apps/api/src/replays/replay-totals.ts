import { z } from 'zod';

const LARGEST = 5;
const LONGEST_DETAIL = 200;

export const SKIPPED = ['features_not_kept', 'version_not_kept', 'cannot_answer'] as const;
export type SkipReason = (typeof SKIPPED)[number];

/** Sums over the decisions replayed so far; they travel in the cursor. */
export const totalsSchema = z.strictObject({
  decisions: z.int().min(0),
  differ: z.int().min(0),
  sumProbability: z.number(),
  sumPropensity: z.number(),
  sumWeight: z.number(),
  sumSquaredWeight: z.number(),
  largest: z.array(z.strictObject({ id: z.string().max(64), weight: z.number() })).max(LARGEST),
  skipped: z.partialRecord(
    z.enum(SKIPPED),
    z.strictObject({ decisions: z.int().min(0), detail: z.string().max(LONGEST_DETAIL) }),
  ),
});
export type ReplaySums = z.output<typeof totalsSchema>;

export const NO_SUMS: ReplaySums = {
  decisions: 0,
  differ: 0,
  sumProbability: 0,
  sumPropensity: 0,
  sumWeight: 0,
  sumSquaredWeight: 0,
  largest: [],
  skipped: {},
};

export interface Counted {
  readonly id: string;
  readonly same: boolean;
  /** Of what was served, under the candidate. */
  readonly probability: number;
  /** Of what was served, as logged; > 0. */
  readonly propensity: number;
  readonly weight: number;
}

export function add(sums: ReplaySums, one: Counted): ReplaySums {
  const least = sums.largest.length < LARGEST ? -1 : (sums.largest.at(-1)?.weight ?? -1);
  const largest =
    one.weight > least
      ? [...sums.largest, { id: one.id, weight: one.weight }]
          .sort((a, b) => b.weight - a.weight)
          .slice(0, LARGEST)
      : sums.largest;
  return {
    decisions: sums.decisions + 1,
    differ: sums.differ + (one.same ? 0 : 1),
    sumProbability: sums.sumProbability + one.probability,
    sumPropensity: sums.sumPropensity + one.propensity,
    sumWeight: capped(sums.sumWeight + one.weight),
    sumSquaredWeight: capped(sums.sumSquaredWeight + one.weight * one.weight),
    largest,
    skipped: sums.skipped,
  };
}

/** Slates can have propensities of 1e-300; sums of their weights stay numbers. */
const capped = (value: number): number => Math.min(value, Number.MAX_VALUE);

export function skip(sums: ReplaySums, reason: SkipReason, detail: string): ReplaySums {
  const before = sums.skipped[reason];
  const now = {
    decisions: (before?.decisions ?? 0) + 1,
    detail: before?.detail ?? detail.slice(0, LONGEST_DETAIL),
  };
  return { ...sums, skipped: { ...sums.skipped, [reason]: now } };
}

/** What the decisions replayed so far come to. */
export interface ReplayTotals {
  readonly decisions: number;
  readonly differ: number;
  readonly differShare: number | null;
  /** Of what was served: under the candidate, and as logged. */
  readonly meanProbability: number | null;
  readonly meanPropensity: number | null;
  /** Of probability / propensity: near 1 where the log's propensities are right and the candidate is covered. */
  readonly meanWeight: number | null;
  readonly effectiveSampleSize: number | null;
  readonly largestWeights: ReplaySums['largest'];
  readonly skipped: readonly {
    readonly reason: SkipReason;
    readonly decisions: number;
    /** Of the first one. */
    readonly detail: string;
  }[];
}

export function totalsOf(sums: ReplaySums): ReplayTotals {
  const n = sums.decisions;
  const mean = (sum: number): number | null => (n === 0 ? null : sum / n);
  const isUsable = sums.sumSquaredWeight > 0 && sums.sumSquaredWeight < Number.MAX_VALUE;
  return {
    decisions: n,
    differ: sums.differ,
    differShare: mean(sums.differ),
    meanProbability: mean(sums.sumProbability),
    meanPropensity: mean(sums.sumPropensity),
    meanWeight: mean(sums.sumWeight),
    effectiveSampleSize: isUsable ? (sums.sumWeight * sums.sumWeight) / sums.sumSquaredWeight : null,
    largestWeights: sums.largest,
    skipped: SKIPPED.flatMap((reason) => {
      const found = sums.skipped[reason];
      return found ? [{ reason, ...found }] : [];
    }),
  };
}
