import type { PagePreviewSide } from '../../api/pages.js';

interface Placed {
  row: string;
  rowTitle: string;
  place: number;
}

/** Where titles and rows of the other page stand. */
export interface Other {
  rows: ReadonlyMap<string, number>;
  titles: ReadonlyMap<string, Placed>;
}

export function otherOf(side: PagePreviewSide | undefined): Other | null {
  if (side === undefined || side.error !== null) return null;
  const titles = new Map<string, Placed>();
  for (const row of side.rows)
    row.titles.forEach(({ id }, place) => {
      if (!titles.has(id)) titles.set(id, { row: row.id, rowTitle: row.title, place });
    });
  return { rows: new Map(side.rows.map(({ id }, place) => [id, place])), titles };
}

const moved = (there: number, here: number): string =>
  there === here ? 'same place' : there > here ? `▲ ${there - here}` : `▼ ${here - there}`;

/** How a row stands against the other page, in words; empty without one. */
export function rowDifference(other: Other | null, id: string, place: number): string {
  if (other === null) return '';
  const there = other.rows.get(id);
  return there === undefined ? 'only here' : moved(there, place);
}

/** The same for a title: within its row, or the row that it stands in over there. */
export function titleDifference(other: Other | null, id: string, row: string, place: number): string {
  if (other === null) return '';
  const there = other.titles.get(id);
  if (there === undefined) return 'only here';
  return there.row === row ? moved(there.place, place) : `there in ${there.rowTitle}`;
}
