import {
  affinity,
  artworkClickProbability,
  crashing,
  notificationOpening,
  rowImageClickProbability,
  rowImageRegret,
  rowClickProbability,
  rowContinuation,
  satisfactionStep,
  searchContinuation,
  searchPlaces,
  searchShare,
  searchSuccess,
  secondBillboardExamination,
  sessionMood,
} from './behaviour.js';
import { seasonFactor } from './calendar.js';
import type { HomeRow, Title } from './catalogue.js';
import { count, messageContext, openProbability, receive, silentMessage, visited } from './messages.js';
import { watchTitle, type Cause, type Watched } from './playback.js';
import type { Play, ServedTreatment } from './protocol.js';
import type { SearchIntent } from './search-intents.js';
import { readPicks } from './shelf.js';
import type { Visit } from './visit.js';

const nothing: Watched = { minutes: 0, match: 0 };

function drawPopular(visit: Visit): Title {
  const { popularity, world } = visit.stage;
  const u = visit.rng.uniform();
  const index = popularity.findIndex((cumulated) => u < cumulated);
  return world.titles[index < 0 ? world.titles.length - 1 : index] as Title;
}

/** Two different popular titles; a title in season gets its second chance. */
function drawBillboard(visit: Visit): readonly [Title, Title] {
  const draw = (): Title => {
    const title = drawPopular(visit);
    const season = seasonFactor(title.genre, visit.month);
    return season < 1.1 && visit.chance(0.2) ? drawPopular(visit) : title;
  };
  const first = draw();
  let second = draw();
  while (second === first && visit.stage.world.titles.length > 1) second = drawPopular(visit);
  return [first, second];
}

/** The member looks at a title's image and clicks it or not; null where there is nothing to look at. */
function* tryArtwork(
  visit: Visit,
  title: Title,
  served: ServedTreatment,
  position: number,
): Play<Watched | null> {
  const artwork = title.artwork.find((candidate) => candidate.id === served.action) ?? title.artwork[0];
  if (!artwork) return null;
  const cause: Cause = { decisionId: served.decisionId, actionId: artwork.id };
  visit.wait(2);
  visit.exposure(served, { actionId: artwork.id, itemId: title.id, properties: { billboard: position } });
  if (!visit.chance(artworkClickProbability(visit.state.member, title, artwork, visit.month))) return null;
  visit.wait(3);
  visit.outcome('click', { ...cause, itemId: title.id });
  if (!visit.chance(0.85)) return nothing;
  return yield* watchTitle(visit, title, cause);
}

/** What a click on a row plays: the unfinished title, or the better suited of a few. */
function titleOfRow(visit: Visit, row: HomeRow): { title: Title; resumed: boolean } {
  const { stage, state } = visit;
  const unfinished = state.unfinished === null ? undefined : stage.titles.get(state.unfinished);
  if (row.kind === 'continue' && unfinished) return { title: unfinished, resumed: true };
  const ofGenre = row.genre === null ? [] : stage.world.titles.filter((title) => title.genre === row.genre);
  const draw = (): Title =>
    ofGenre.length > 0 ? (ofGenre[visit.rng.below(ofGenre.length)] as Title) : drawPopular(visit);
  const candidates = [draw(), draw(), draw()];
  const suits = (title: Title): number => affinity(state.member, title, visit.month);
  return {
    title: candidates.reduce((best, title) => (suits(title) > suits(best) ? title : best)),
    resumed: false,
  };
}

/**
 * The open row shows an image of the title, or none; the member clicks it or not, and may regret that at once. Nothing
 * else follows from it. It has a stream of chance of its own, so that whatever it shows leaves the rest of the visit alone.
 */
function* lookInRow(visit: Visit, title: Title, rows: ServedTreatment): Play<void> {
  const [served] = yield* visit.ask([{ surface: 'row.artwork', subject: title.id, parent: rows.decisionId }]);
  if (!served) return;
  const artwork = title.artwork.find(({ id }) => id === served.action) ?? null;
  const chance = visit.rng.fork('row image');
  const seen = { itemId: title.id, ...(artwork === null ? {} : { actionId: artwork.id }) };
  visit.exposure(served, seen);
  if (chance.uniform() >= rowImageClickProbability(visit.state.member.segment, artwork)) return;
  visit.outcome('click', { decisionId: served.decisionId, ...seen });
  if (artwork !== null && chance.uniform() < rowImageRegret(artwork.style))
    visit.outcome('skip', { decisionId: served.decisionId, ...seen });
}

/** The member reads the rows from the top (cascade model) and plays from at most one. */
function* browseRows(visit: Visit, served: ServedTreatment): Play<Watched> {
  const order = served.slate?.map((entry) => entry.id) ?? visit.stage.world.rows.map((row) => row.id);
  const { state } = visit;
  const rowState = { hasUnfinished: state.unfinished !== null, hasList: state.listed > 0 };
  for (const [position, id] of order.entries()) {
    if (position > 0 && !visit.chance(rowContinuation)) return nothing;
    const row = visit.stage.rows.get(id);
    visit.wait(2);
    if (!row || !visit.chance(rowClickProbability(state.member, row, rowState, visit.month))) continue;
    const { title, resumed } = titleOfRow(visit, row);
    const cause: Cause = { decisionId: served.decisionId, actionId: id, position };
    visit.outcome('click', { ...cause, itemId: title.id });
    yield* lookInRow(visit, title, served);
    return visit.chance(0.9) ? yield* watchTitle(visit, title, cause, resumed) : nothing;
  }
  return nothing;
}

function* browseHome(visit: Visit): Play<Watched> {
  const [first, second] = drawBillboard(visit);
  const [rows, ...artwork] = yield* visit.ask([
    { surface: 'home.rows' },
    { surface: 'title.artwork', subject: first.id },
    { surface: 'title.artwork', subject: second.id },
  ]);
  if (rows) visit.exposure(rows);
  const [firstServed, secondServed] = artwork;
  const onFirst = firstServed ? yield* tryArtwork(visit, first, firstServed, 0) : null;
  if (onFirst) return onFirst;
  if (secondServed && visit.chance(secondBillboardExamination)) {
    const onSecond = yield* tryArtwork(visit, second, secondServed, 1);
    if (onSecond) return onSecond;
  }
  const picked = yield* readPicks(visit);
  if (picked) return visit.chance(0.9) ? yield* watchTitle(visit, picked.title, picked.cause) : nothing;
  return rows ? yield* browseRows(visit, rows) : nothing;
}

const engineOf = ({ value }: ServedTreatment): string =>
  (value as { engine?: string } | undefined)?.engine ?? 'classic';

/** The titles that an experiment finds, shown; null where none does, and the engine's own results are looked at. */
function* resultsOf(visit: Visit, { query, mode }: SearchIntent): Play<ServedTreatment | null> {
  const [results] = yield* visit.ask([{ surface: 'search.titles', limit: searchPlaces }], { query, mode });
  if (!results || results.experiment === null) return null;
  visit.exposure(results);
  return results;
}

/** Where a title stands among the results; Infinity where it is not among them. */
function placeIn(results: ServedTreatment, titleId: string): number {
  const place = (results.slate ?? []).findIndex(({ id }) => id === titleId);
  return place < 0 ? Infinity : place;
}

function* search(visit: Visit): Play<Watched | 'crashed'> {
  const { searchIntents } = visit.stage.world;
  const intent = searchIntents[visit.rng.below(searchIntents.length)];
  const title = intent && visit.stage.titles.get(intent.titleId);
  if (!intent || !title) return nothing;
  visit.wait(6);
  visit.outcome('search', { properties: { query: intent.query } });
  const [served] = yield* visit.ask([{ surface: 'search.results' }]);
  if (!served) return nothing;
  if (engineOf(served) === crashing.engine && visit.state.member.device === crashing.device) return 'crashed';
  visit.exposure(served);
  return yield* chooseResult(visit, title, served, yield* resultsOf(visit, intent));
}

/** @param served the engine's decision. @param results the titles that an experiment found; null: the engine's own. */
function* chooseResult(
  visit: Visit,
  title: Title,
  served: ServedTreatment,
  results: ServedTreatment | null,
): Play<Watched> {
  const place = results === null ? 0 : placeIn(results, title.id);
  visit.wait(5);
  if (!visit.chance((searchSuccess[engineOf(served)] ?? 0) * searchContinuation ** place)) return nothing;
  const cause: Cause = { decisionId: served.decisionId };
  if (results !== null) {
    const { decisionId } = results;
    visit.outcome('click', { decisionId, itemId: title.id, actionId: title.id, position: place });
  }
  visit.outcome('search_success', { ...cause, itemId: title.id });
  visit.outcome('click', { ...cause, itemId: title.id });
  return visit.chance(0.8) ? yield* watchTitle(visit, title, cause) : nothing;
}

/**
 * One visit from opening the app to leaving it; what was found moves the member's satisfaction.
 * @param home what the app shows at first; by default place by place.
 */
export function* playSession(visit: Visit, home: (visit: Visit) => Play<Watched> = browseHome): Play<void> {
  const { state } = visit;
  visit.outcome('session_start', { properties: { device: state.member.device } });
  state.sessions++;
  visited(state, visit.now);
  const found = visit.chance(searchShare) ? yield* search(visit) : yield* home(visit);
  const mood = found === 'crashed' ? 0.1 : sessionMood(found.minutes, found.match);
  state.satisfaction += satisfactionStep * (mood - state.satisfaction);
}

/** A notification of the day; who opens it begins a session. */
export function* playNotification(visit: Visit): Play<void> {
  const [served] = yield* visit.ask([{ surface: 'notification' }]);
  if (!served) return;
  visit.wait(60);
  visit.exposure(served);
  // The text is deliberately not looked at: in this world the wording of a notification changes nothing.
  if (!visit.chance(notificationOpening)) return;
  visit.wait(900);
  visit.outcome('notification_opened', { decisionId: served.decisionId });
  yield* playSession(visit);
}

/**
 * The product asks whether to send something to the member's phone, and what. Who opens it begins a session. That the
 * question was asked is reported whatever is sent, so that what is withheld is seen like what is sent.
 */
export function* playMessage(visit: Visit): Play<void> {
  const { state } = visit;
  const [served] = yield* visit.ask([{ surface: 'message.push' }], messageContext(state));
  if (!served) return;
  const at = visit.now;
  visit.exposure(served);
  if (served.withheld === true) count(state, at);
  const message = served.action ?? silentMessage;
  if (message === silentMessage) return;
  const opens = visit.chance(openProbability(state, message, at));
  receive(state, at);
  if (!opens) return;
  visit.wait(900);
  visit.outcome('notification_opened', { decisionId: served.decisionId, actionId: message });
  yield* playSession(visit);
}
