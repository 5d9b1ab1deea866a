import type { PagePreviewSide } from './page-previews.js';

/** What two pages have in common. */
export interface PageComparison {
  /** Rows that both show, and those that stand in the same place. */
  readonly rows: { readonly common: number; readonly samePlace: number };
  /** Titles that both show anywhere; `overlap` is their share of the page with fewer titles. */
  readonly titles: { readonly common: number; readonly overlap: number; readonly samePlace: number };
  /** Titles that both show with an artwork, and those with the same one. */
  readonly artwork: { readonly common: number; readonly same: number };
}

interface Placed {
  /** Row and place in it. */
  readonly where: string;
  readonly artwork: string | null;
}

function titlesOf({ rows }: PagePreviewSide): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  for (const row of rows)
    row.titles.forEach(({ id, artwork }, place) => {
      if (!placed.has(id)) placed.set(id, { where: `${row.id} ${place}`, artwork: artwork?.id ?? null });
    });
  return placed;
}

/** Null unless there are two pages. */
export function comparePages([first, second]: readonly PagePreviewSide[]): PageComparison | null {
  if (!first || !second || first.error !== null || second.error !== null) return null;
  const places = new Map(first.rows.map(({ id }, place) => [id, place]));
  const rows = second.rows.map(({ id }, place) => ({ here: place, there: places.get(id) }));
  const [left, right] = [titlesOf(first), titlesOf(second)];
  const both = [...right].flatMap(([id, here]) => {
    const there = left.get(id);
    return there ? [{ here, there }] : [];
  });
  const pictured = both.filter(({ here, there }) => here.artwork !== null && there.artwork !== null);
  const fewest = Math.min(left.size, right.size);
  return {
    rows: {
      common: rows.filter(({ there }) => there !== undefined).length,
      samePlace: rows.filter(({ here, there }) => here === there).length,
    },
    titles: {
      common: both.length,
      overlap: fewest === 0 ? 0 : both.length / fewest,
      samePlace: both.filter(({ here, there }) => here.where === there.where).length,
    },
    artwork: {
      common: pictured.length,
      same: pictured.filter(({ here, there }) => here.artwork === there.artwork).length,
    },
  };
}
