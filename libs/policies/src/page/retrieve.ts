import type { Context } from '#experiments';
import type { Action } from '../contract.js';
import { timeOf } from '../rerankers/freshness.js';
import { hardFilters } from '../rerankers/hard-filters.js';
import { valuesOf } from '../rerankers/similarity.js';
import type { PageLayout, RowSource } from './layout.js';
import type { PagePins, Pinned } from './pins.js';

/** Who a page is for, and when. */
export interface PageMoment {
  readonly unitId: string;
  /** What rows may be made from. */
  readonly context: Context;
  /** What the hard filters are decided by, where that is more than may be told; absent: the context. */
  readonly limits?: Context;
  /** Unix milliseconds. */
  readonly at: number;
}

/** What a row may show. */
export interface RowTitles {
  /** At most `layout.titles.candidates`. */
  readonly candidates: readonly Action[];
  /** Titles that people put into the row, wherever its own come from, as far as they may be shown. */
  readonly pinned: readonly Pinned[];
}

const EVERY_TITLE: RowSource = { rows: null, from: 'all' };
const HISTORY = 'history';

/** Titles by feature and value, in the order in which they are offered. */
class TitleIndex {
  private readonly features = new Map<string, ReadonlyMap<string, readonly number[]>>();
  private readonly orders = new Map<string, readonly number[]>();
  private ids: ReadonlyMap<string, number> | null = null;

  constructor(readonly titles: readonly Action[]) {}

  placeOf(id: string): number | undefined {
    this.ids ??= new Map(this.titles.map((title, i) => [title.id, i]));
    return this.ids.get(id);
  }

  withValue(feature: string, value: string): readonly number[] {
    let byValue = this.features.get(feature);
    if (!byValue) {
      const lists = new Map<string, number[]>();
      this.titles.forEach(({ features }, i) => {
        for (const one of valuesOf(features, feature)) {
          const list = lists.get(one);
          if (list) list.push(i);
          else lists.set(one, [i]);
        }
      });
      this.features.set(feature, (byValue = lists));
    }
    return byValue.get(value) ?? [];
  }

  /** Largest first; titles without the feature are left out. */
  newest(feature: string): readonly number[] {
    let order = this.orders.get(feature);
    if (!order) {
      const keyed = this.titles.flatMap(({ features }, i) => {
        const value = features[feature];
        const key = typeof value === 'number' ? value : timeOf(value);
        return key === null ? [] : [{ i, key }];
      });
      order = keyed.sort((a, b) => b.key - a.key || a.i - b.i).map(({ i }) => i);
      this.orders.set(feature, order);
    }
    return order;
  }
}

/** What was worked out about a list of titles stays with it: serving hands in the same one until the catalogue changes. */
const indexes = new WeakMap<readonly Action[], TitleIndex>();

function indexOf(titles: readonly Action[]): TitleIndex {
  let index = indexes.get(titles);
  if (!index) indexes.set(titles, (index = new TitleIndex(titles)));
  return index;
}

const sourceOf = (row: Action, { sources }: PageLayout): RowSource =>
  sources.find(({ rows }) => rows === null || valuesOf(row.features, rows.feature).includes(rows.value)) ??
  EVERY_TITLE;

const listOf = (context: Context, attribute: string): readonly string[] => {
  const value = context[attribute];
  return Array.isArray(value) ? (value as readonly string[]) : [];
};

/** Places of the titles that a source names, in the order in which they are taken. */
function found(index: TitleIndex, row: Action, source: RowSource, context: Context): Iterable<number> {
  const feature = source.feature ?? '';
  switch (source.from) {
    case 'all':
      return index.titles.keys();
    case 'newest':
      return index.newest(feature);
    case 'match': {
      const values = valuesOf(row.features, source.of ?? feature);
      return new Set(values.flatMap((value) => index.withValue(feature, value)));
    }
    case 'context': {
      const ids = [...listOf(context, source.attribute ?? '')].reverse();
      return new Set(ids.flatMap((id) => index.placeOf(id) ?? []));
    }
    case 'alike':
      return alike(index, feature, context);
  }
}

/** Titles that share values with the newest of the history, those that share most first. */
function alike(index: TitleIndex, feature: string, context: Context): Iterable<number> {
  const history = listOf(context, HISTORY);
  const newest = index.placeOf(history.at(-1) ?? '');
  if (newest === undefined) return [];
  const shared = new Map<number, number>();
  for (const value of valuesOf(index.titles[newest]?.features ?? {}, feature))
    for (const place of index.withValue(feature, value)) shared.set(place, (shared.get(place) ?? 0) + 1);
  for (const id of history) shared.delete(index.placeOf(id) ?? -1);
  return [...shared].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([place]) => place);
}

/**
 * The candidates of every row, retrieved before anything is ranked: what may be shown at all, from the row's source.
 * @param personalised false: nothing that the context says about the unit is used, except what may be shown to it.
 * @returns by place of the row.
 */
export function retrieve(
  layout: PageLayout,
  rows: readonly Action[],
  titles: readonly Action[],
  { unitId, context, limits = context, at }: PageMoment,
  pins: PagePins,
  personalised = true,
): readonly RowTitles[] {
  const index = indexOf(titles);
  const request = { unitId, context: limits, actions: titles, subject: null, at };
  const open = layout.filters === null ? null : hardFilters.eligible?.(request, layout.filters);
  const told = personalised ? context : {};
  const isAllowed = ({ id }: Pinned): boolean => {
    const place = index.placeOf(id);
    return place !== undefined && (!open || open[place] === 1);
  };
  return rows.map((row) => {
    const candidates: Action[] = [];
    for (const place of found(index, row, sourceOf(row, layout), told)) {
      if (open && open[place] !== 1) continue;
      candidates.push(titles[place] as Action);
      if (candidates.length === layout.titles.candidates) break;
    }
    return { candidates, pinned: pins.within(row.id).filter(isAllowed) };
  });
}
