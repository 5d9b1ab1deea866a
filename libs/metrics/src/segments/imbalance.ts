import { chiSquareSf } from '../distributions/index.js';
import { percent, pValueText } from '../prose.js';
import type { SegmentAttribute, SegmentImbalance } from './scan.contract.js';

/** As the sample-ratio check: below this the mix is said to differ. */
const THRESHOLD = 0.001;
/** Pearson's test needs about this many expected units per cell; rarer values are pooled. */
const LEAST_EXPECTED = 5;
/** What nobody would notice is not worth a note, however many units prove it. */
const LEAST_GAP = 0.001;
/** Of two values with the same gap the more frequent is named. */
const ROUNDING = 1e-12;

interface Mix {
  readonly arms: readonly string[];
  /** Units by value (row) and arm. */
  readonly table: readonly (readonly number[])[];
}

/**
 * Whether the arms have the same mix of an attribute's values: Pearson's chi-square test of homogeneity, rare and
 * unlisted values pooled. null where it is the same, or too few units to tell.
 * @param arms keys of the arms that are compared.
 */
export function imbalanceOf(attribute: SegmentAttribute, arms: readonly string[]): SegmentImbalance | null {
  const used = arms.filter((arm) => unitsOf(attribute, arm) > 0);
  if (used.length < 2) return null;
  const mix = pooled(attribute, used);
  if (mix.table.length < 2) return null;
  const { statistic, df } = pearson(mix.table);
  const pValue = chiSquareSf(statistic, df);
  if (!(pValue < THRESHOLD)) return null;
  const worst = largestGap(attribute, used);
  if (worst === null || worst.gap < LEAST_GAP) return null;
  return {
    attribute: attribute.attribute,
    statistic,
    df,
    pValue,
    value: worst.value,
    shares: worst.shares,
    note: noteOf(attribute.attribute, worst, pValue),
  };
}

function unitsOf({ values, otherUnits }: SegmentAttribute, arm: string): number {
  return values.reduce((sum, { units }) => sum + (units[arm] ?? 0), otherUnits[arm] ?? 0);
}

function pooled(attribute: SegmentAttribute, arms: readonly string[]): Mix {
  const totals = arms.map((arm) => unitsOf(attribute, arm));
  const all = totals.reduce((sum, n) => sum + n, 0);
  const smallest = Math.min(...totals) / all;
  const rows = [...attribute.values.map(({ units }) => units), attribute.otherUnits].map((units) =>
    arms.map((arm) => units[arm] ?? 0),
  );
  const table: number[][] = [];
  const rest = arms.map(() => 0);
  for (const row of rows) {
    const total = row.reduce((sum, n) => sum + n, 0);
    if (total * smallest >= LEAST_EXPECTED) table.push(row);
    else row.forEach((n, i) => (rest[i] = (rest[i] as number) + n));
  }
  if (rest.reduce((sum, n) => sum + n, 0) * smallest >= LEAST_EXPECTED) table.push(rest);
  return { arms, table };
}

function pearson(table: readonly (readonly number[])[]): { statistic: number; df: number } {
  const rows = table.map((row) => row.reduce((sum, n) => sum + n, 0));
  const columns = (table[0] ?? []).map((_, i) => table.reduce((sum, row) => sum + (row[i] as number), 0));
  const all = rows.reduce((sum, n) => sum + n, 0);
  let statistic = 0;
  table.forEach((row, r) =>
    row.forEach((n, c) => {
      const expected = ((rows[r] as number) * (columns[c] as number)) / all;
      if (expected > 0) statistic += (n - expected) ** 2 / expected;
    }),
  );
  return { statistic, df: (rows.length - 1) * (columns.length - 1) };
}

interface Gap {
  readonly value: string;
  readonly shares: Readonly<Record<string, number>>;
  readonly gap: number;
  readonly low: string;
  readonly high: string;
}

function largestGap(attribute: SegmentAttribute, arms: readonly string[]): Gap | null {
  let worst: Gap | null = null;
  for (const { value, units } of attribute.values) {
    const pairs = arms.map((arm) => [arm, (units[arm] ?? 0) / unitsOf(attribute, arm)] as const);
    const sorted = [...pairs].sort((a, b) => a[1] - b[1]);
    const [low, high] = [sorted[0], sorted.at(-1)];
    if (!low || !high) continue;
    const gap = high[1] - low[1];
    if (worst === null || gap > worst.gap + ROUNDING)
      worst = { value, shares: Object.fromEntries(pairs), gap, low: low[0], high: high[0] };
  }
  return worst;
}

function noteOf(attribute: string, { value, shares, low, high }: Gap, pValue: number): string {
  const share = (arm: string): string => percent(shares[arm] ?? 0);
  return `The arms have different mixes of ${attribute}: ${value} is ${share(high)} of ${high} and ${share(low)} of ${low} (chi-square, ${pValueText(pValue)}). The overall lift also compares these mixes; compare within segments, and find out why the mix differs.`;
}
