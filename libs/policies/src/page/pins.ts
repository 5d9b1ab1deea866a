import type { PageLayout } from './layout.js';

/** Something that people put at a place, and the place, from 1. */
export interface Pinned {
  readonly id: string;
  readonly position: number;
}

export interface Placed {
  readonly id: string;
  readonly pinned: boolean;
}

/** Rows and titles of a page that stand where people put them at a moment. */
export class PagePins {
  readonly rows: readonly Pinned[];
  private readonly titles = new Map<string, Pinned[]>();

  /** @param at Unix milliseconds. */
  constructor({ pins }: PageLayout, at: number) {
    const active = pins.filter(({ until }) => at < Date.parse(until));
    this.rows = active.flatMap(({ row, title, position }) => (title === null ? [{ id: row, position }] : []));
    for (const { row, title, position } of active) {
      if (title === null) continue;
      const own = this.titles.get(row) ?? [];
      this.titles.set(row, own);
      own.push({ id: title, position });
    }
  }

  within(row: string): readonly Pinned[] {
    return this.titles.get(row) ?? [];
  }
}

/** What was decided, in its order, around what is pinned; a pin beyond the end stands last. */
export function placeAround(ids: readonly string[], pinned: readonly Pinned[]): Placed[] {
  const waiting = [...pinned].sort((a, b) => a.position - b.position);
  const placed: Placed[] = [];
  const placeDue = (position: number): void => {
    while (waiting[0] && waiting[0].position <= position)
      placed.push({ id: (waiting.shift() as Pinned).id, pinned: true });
  };
  for (const id of ids) {
    placeDue(placed.length + 1);
    placed.push({ id, pinned: false });
  }
  placeDue(Infinity);
  return placed;
}
