import type { Action } from '../contract.js';
import type { PageLayout } from './layout.js';
import { PagePins, placeAround } from './pins.js';
import type { Pinned } from './pins.js';
import { retrieve } from './retrieve.js';
import type { PageMoment, RowTitles } from './retrieve.js';

/** Smallest propensity that is told apart from 0: a page is the product of hundreds. */
const LEAST = 1e-300;

export type PageLevel = 'rows' | 'titles' | 'artwork';

/** One decision that a page needs. */
export interface PageQuestion {
  readonly level: PageLevel;
  readonly surface: string;
  /** The row whose titles are ordered, the title whose artwork is chosen; null for the rows. */
  readonly subject: string | null;
  /** Null: those that are registered for the subject. */
  readonly candidates: readonly Action[] | null;
  readonly limit: number;
}

/** What was decided: ids in order, and the probability of exactly that. */
export interface PageAnswer {
  readonly ids: readonly string[];
  /** Given everything that stands above on the page. */
  readonly propensity: number;
}

export interface PageTitle<D> {
  readonly id: string;
  /** Put there by people: no policy was asked. */
  readonly pinned: boolean;
  /** Null beyond the places that get one. */
  readonly artwork: D | null;
}

export interface PageRow<D> {
  readonly id: string;
  /** Put there by people: no policy was asked. */
  readonly pinned: boolean;
  readonly decision: D;
  readonly titles: readonly PageTitle<D>[];
}

export interface ComposedPage<D> {
  readonly order: D;
  /** From the top. A row whose titles all stand above has none. */
  readonly rows: readonly PageRow<D>[];
  /** Probability of the whole page: of the order of its rows, the titles of each, and their artwork. */
  readonly propensity: number;
}

/**
 * Makes a page from the top: candidates of each row are retrieved and filtered, the rows that have enough of them are
 * ordered, each row's titles are ordered without those that stand above, and the first of them get an artwork. What is
 * left out is left out before the policy is asked, so each answer's propensity is exact given what stands above it, and
 * the page's is their product. What is pinned is no candidate: the policy orders the others, which stand around it.
 * @param rows candidates for rows; @param titles everything that rows may hold.
 * @param ask decides one question; its parent is the decision that this one is made within.
 * @param personalised false for a unit that asked not to be known; see retrieve.
 */
export function composePage<D extends PageAnswer>(
  layout: PageLayout,
  rows: readonly Action[],
  titles: readonly Action[],
  moment: PageMoment,
  ask: (question: PageQuestion, parent: D | null) => D,
  personalised = true,
): ComposedPage<D> {
  const pins = new PagePins(layout, moment.at);
  const retrieved = retrieve(layout, rows, titles, moment, pins, personalised);
  const offered = new Map<string, RowTitles>();
  const open = rows.filter(({ id }, i) => {
    const own = retrieved[i] as RowTitles;
    offered.set(id, own);
    return without(own.candidates, own.pinned).length + own.pinned.length >= layout.titles.least;
  });
  const isOpen = new Set(open.map(({ id }) => id));
  const pinnedRows = pins.rows.filter(({ id }) => isOpen.has(id));
  const order = ask(
    {
      level: 'rows',
      surface: layout.rows.surface,
      subject: null,
      candidates: without(open, pinnedRows),
      limit: layout.rows.limit - pinnedRows.length,
    },
    null,
  );
  const shown = new Set<string>();
  let propensity = order.propensity;
  const placedRows = placeAround(order.ids, pinnedRows);
  const reserved = new Set(
    placedRows.flatMap(({ id }) => (offered.get(id)?.pinned ?? []).map((one) => one.id)),
  );
  const made = placedRows.map(({ id, pinned }): PageRow<D> => {
    const own = offered.get(id) ?? { candidates: [], pinned: [] };
    const pinnedTitles = layout.unique ? own.pinned.filter((one) => !shown.has(one.id)) : own.pinned;
    // What is pinned to another row keeps its place there.
    const isTaken = (title: string): boolean => shown.has(title) || reserved.has(title);
    const candidates = layout.unique
      ? own.candidates.filter((title) => !isTaken(title.id))
      : without(own.candidates, pinnedTitles);
    const { surface } = layout.titles;
    const limit = layout.titles.limit - pinnedTitles.length;
    const decision = ask({ level: 'titles', surface, subject: id, candidates, limit }, order);
    propensity *= decision.propensity;
    const titlesOfRow = placeAround(decision.ids, pinnedTitles).map((title, place): PageTitle<D> => {
      shown.add(title.id);
      const artwork = artworkOf(layout, title.id, place, (question) => ask(question, decision));
      propensity *= artwork?.propensity ?? 1;
      return { ...title, artwork };
    });
    return { id, pinned, decision, titles: titlesOfRow };
  });
  return { order, rows: made, propensity: Math.max(propensity, LEAST) };
}

function without(actions: readonly Action[], pinned: readonly Pinned[]): readonly Action[] {
  if (pinned.length === 0) return actions;
  const ids = new Set(pinned.map(({ id }) => id));
  return actions.filter(({ id }) => !ids.has(id));
}

function artworkOf<D>(
  { artwork }: PageLayout,
  title: string,
  place: number,
  ask: (question: PageQuestion) => D,
): D | null {
  if (artwork === null || place >= artwork.places) return null;
  return ask({ level: 'artwork', surface: artwork.surface, subject: title, candidates: null, limit: 1 });
}
