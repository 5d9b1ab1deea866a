import {
  artworkClickProbability,
  pickClickProbability,
  pickContinuation,
  rowClickProbability,
  rowContinuation,
} from './behaviour.js';
import type { Title } from './catalogue.js';
import { watchTitle, type Cause, type Watched } from './playback.js';
import type { Play, ServedTreatment } from './protocol.js';
import type { Visit } from './visit.js';

/** The page that the app opens with. */
export const homePageKey = 'home';
/** Surface of the titles within its rows. */
export const homeTitlesSurface = 'home.titles';

const nothing: Watched = { minutes: 0, match: 0 };

/** A row as it was served: its titles, and the artwork of those that got one. */
interface PageRow {
  readonly titles: ServedTreatment;
  readonly artwork: ReadonlyMap<string, ServedTreatment>;
}

/** The parts of a page, in the order in which they were decided: a row's titles, then their artwork. */
function rowsOf(parts: readonly ServedTreatment[]): ReadonlyMap<string, PageRow> {
  const rows = new Map<string, { titles: ServedTreatment; artwork: Map<string, ServedTreatment> }>();
  let row: { titles: ServedTreatment; artwork: Map<string, ServedTreatment> } | undefined;
  for (const part of parts) {
    if (part.surface === homeTitlesSurface) {
      row = { titles: part, artwork: new Map() };
      rows.set(part.subject ?? '', row);
    } else if (row) row.artwork.set(part.subject ?? '', part);
  }
  return rows;
}

/** The member looks at a title, with the image that it got. @returns whether it is clicked. */
function looksAt(visit: Visit, title: Title, image: ServedTreatment | undefined): boolean {
  const { member } = visit.state;
  const shown = image && title.artwork.find(({ id }) => id === image.action);
  if (!image || !shown) return visit.chance(pickClickProbability(member, title, visit.month));
  const seen = { actionId: shown.id, itemId: title.id };
  visit.exposure(image, seen);
  if (!visit.chance(artworkClickProbability(member, title, shown, visit.month))) return false;
  visit.outcome('click', { decisionId: image.decisionId, ...seen });
  return true;
}

/** Reads the titles of a row from the left and plays at most one. */
function* readRow(visit: Visit, { titles, artwork }: PageRow): Play<Watched> {
  visit.exposure(titles);
  for (const [position, { id }] of (titles.slate ?? []).entries()) {
    if (position > 0 && !visit.chance(pickContinuation)) return nothing;
    const title = visit.stage.titles.get(id);
    visit.wait(1);
    if (!title || !looksAt(visit, title, artwork.get(id))) continue;
    return yield* playFrom(visit, title, { decisionId: titles.decisionId, actionId: id, position });
  }
  return nothing;
}

function* playFrom(visit: Visit, title: Title, cause: Cause): Play<Watched> {
  visit.outcome('click', { ...cause, itemId: title.id });
  return visit.chance(0.9) ? yield* watchTitle(visit, title, cause) : nothing;
}

/**
 * The member reads a home page that was served as a whole: its rows from the top, as they are read place by place, and the
 * titles of the one row that is opened. What is exposed and played names the decision that it is due to.
 */
export function* browsePage(visit: Visit): Play<Watched> {
  const { state, stage } = visit;
  const [order, ...parts] = yield* visit.askPage(homePageKey, {
    history: [...state.watched],
    unfinished: state.unfinished === null ? [] : [state.unfinished],
  });
  if (!order) return nothing;
  visit.exposure(order);
  const rows = rowsOf(parts);
  const rowState = { hasUnfinished: state.unfinished !== null, hasList: state.listed > 0 };
  for (const [position, { id }] of (order.slate ?? []).entries()) {
    if (position > 0 && !visit.chance(rowContinuation)) return nothing;
    const [known, served] = [stage.rows.get(id), rows.get(id)];
    visit.wait(2);
    if (!known || !served) continue;
    if (!visit.chance(rowClickProbability(state.member, known, rowState, visit.month))) continue;
    visit.outcome('click', { decisionId: order.decisionId, actionId: id, position });
    return yield* readRow(visit, served);
  }
  return nothing;
}
