import type { TrainingSet } from '../contract.js';
import type { Context } from '#experiments';

/** Texts and entries of lists: what titles share. */
function attributesOf(features: Context): string[] {
  return Object.entries(features).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as readonly unknown[]) : [value])
      .filter((entry): entry is string => typeof entry === 'string')
      .map((entry) => `${name} ${entry}`),
  );
}

/**
 * Rows of an earlier model in the order of new items. An item that is new gets the mean of the rows of known items that share
 * attributes with it, each counted as often as it shares one; without any, the mean of all.
 * @param width numbers per item. @param items ids of the earlier rows.
 */
export function warmRows(
  rows: ArrayLike<number>,
  width: number,
  items: readonly string[],
  data: Pick<TrainingSet, 'items' | 'itemFeatures'>,
): Float32Array {
  const known = new Map(items.map((id, index) => [id, index]));
  const all = new Mean(width);
  const byAttribute = new Map<string, Mean>();
  const old = data.items.map((id) => known.get(id));
  old.forEach((row, item) => {
    if (row === undefined) return;
    all.add(rows, row * width);
    for (const attribute of attributesOf(data.itemFeatures[item] ?? {})) {
      const mean = byAttribute.get(attribute) ?? new Mean(width);
      byAttribute.set(attribute, mean);
      mean.add(rows, row * width);
    }
  });
  const warm = new Float32Array(data.items.length * width);
  old.forEach((row, item) => {
    const place = item * width;
    if (row !== undefined) {
      for (let i = 0; i < width; i++) warm[place + i] = rows[row * width + i] as number;
      return;
    }
    const mean = new Mean(width);
    for (const attribute of attributesOf(data.itemFeatures[item] ?? {}))
      mean.join(byAttribute.get(attribute));
    warm.set((mean.count > 0 ? mean : all).values(), place);
  });
  return warm;
}

class Mean {
  count = 0;
  private readonly sum: Float64Array;

  constructor(width: number) {
    this.sum = new Float64Array(width);
  }

  add(rows: ArrayLike<number>, from: number): void {
    this.count++;
    for (let i = 0; i < this.sum.length; i++)
      this.sum[i] = (this.sum[i] as number) + (rows[from + i] as number);
  }

  join(other: Mean | undefined): void {
    if (other === undefined) return;
    this.count += other.count;
    other.sum.forEach((value, i) => (this.sum[i] = (this.sum[i] as number) + value));
  }

  values(): Float64Array {
    return this.sum.map((value) => value / Math.max(1, this.count));
  }
}
