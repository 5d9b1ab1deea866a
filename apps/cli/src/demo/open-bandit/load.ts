import type { Context } from '#experiments';
import { readCsv, toNumber } from '../read-csv.js';
import type { ItemSetUp } from '../set-up.js';

/** One row of the log: an item shown at random at a place of the shop's page, and whether it was clicked. */
export interface LoggedImpression {
  readonly row: number;
  readonly itemId: string;
  /** 1 to 3, as in the log. */
  readonly place: number;
  readonly clicked: boolean;
  readonly context: Context;
}

export interface OpenBanditLog {
  readonly items: readonly ItemSetUp[];
  readonly impressions: readonly LoggedImpression[];
}

const itemOf = (id: string): string => `zozo-${id}`;
const userFeatures = ['user_feature_0', 'user_feature_1', 'user_feature_2', 'user_feature_3'] as const;

/**
 * The uniformly random log of the campaign `men` (folder random/men).
 * @throws Error when the log was not made uniformly at random: rejection would be biased.
 */
export function loadOpenBandit(directory: string): OpenBanditLog {
  const items = readCsv(directory, 'random/men/item_context.csv', ['item_id', 'item_feature_0']).map(toItem);
  const rows = readCsv(directory, 'random/men/men.csv', [
    'item_id',
    'position',
    'click',
    'propensity_score',
    ...userFeatures,
  ]);
  const impressions = rows.map((row, index) => {
    const where = `random/men/men.csv row ${index + 2}`;
    const propensity = toNumber(row['propensity_score'], where);
    if (Math.abs(propensity * items.length - 1) > 1e-6) {
      throw new Error(
        `${where}: propensity ${propensity} is not 1/${items.length}; only a uniformly random log can be replayed.`,
      );
    }
    return {
      row: index,
      itemId: itemOf(row['item_id'] ?? ''),
      place: toNumber(row['position'], where),
      clicked: row['click'] === '1',
      // The hashes are long and only tell equal from different.
      context: Object.fromEntries(userFeatures.map((name) => [name, (row[name] ?? '').slice(0, 8)])),
    };
  });
  return { items, impressions };
}

function toItem(row: Readonly<Record<string, string>>, index: number): ItemSetUp {
  const id = row['item_id'] ?? '';
  const features: Record<string, string | number> = {
    feature0: toNumber(row['item_feature_0'], `random/men/item_context.csv row ${index + 2}`),
  };
  for (const n of [1, 2, 3]) features[`feature${n}`] = (row[`item_feature_${n}`] ?? '').slice(0, 8);
  return { id: itemOf(id), kind: 'zozo-thumbnail', title: `Thumbnail ${id}`, features, position: index };
}
