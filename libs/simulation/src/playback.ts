import { affinity, autoplayContinuation, watchedShare } from './behaviour.js';
import type { Title } from './catalogue.js';
import type { Play } from './protocol.js';
import { readNext } from './shelf.js';
import type { Visit } from './visit.js';

/** What led to a playback: every play belongs to exactly one decision, or to none. */
export interface Cause {
  readonly decisionId?: string;
  readonly actionId?: string;
  readonly position?: number;
}

export interface Watched {
  readonly minutes: number;
  readonly match: number;
}

/** Titles that the app remembers of a member. */
const historyLength = 20;

/** Most players report when playback ends; one in twelve was offline and reports hours later. */
function reportingDelay(visit: Visit): number {
  if (visit.chance(1 / 12)) return Math.round((1 + 8 * visit.rng.uniform()) * 3_600_000);
  return Math.round(2_000 + 30_000 * visit.rng.uniform());
}

function reactions(visit: Visit, title: Title, match: number, cause: Cause, finished: boolean): void {
  const detail = { ...cause, itemId: title.id };
  const joy = match + 0.15 * title.quality;
  if (visit.chance(0.06)) visit.outcome(joy > 0.35 ? 'thumbs_up' : 'thumbs_down', detail);
  if (finished && visit.chance(0.08)) {
    const stars = Math.max(
      0.5,
      Math.min(5, Math.round(2 * (3 + 2 * (joy - 0.3) + 0.6 * visit.rng.normal())) / 2),
    );
    visit.outcome('rating', { ...detail, value: stars });
  }
  if (!finished && visit.chance(0.04)) {
    visit.outcome('list_add', detail);
    visit.state.listed++;
  }
  if (finished && visit.chance(0.015)) visit.outcome('replay', detail);
}

function* watchOnce(
  visit: Visit,
  title: Title,
  cause: Cause,
  resumed: boolean,
): Play<Watched & { finished: boolean }> {
  const match = affinity(visit.state.member, title, visit.month);
  // Who comes back to a title wants to see its end; of a film a part is left, of a series the next episode.
  const share = watchedShare(match + (resumed ? 0.7 : 0), title.quality, visit.rng.uniform());
  const left = resumed && title.kind === 'film' ? 0.6 : 1;
  const minutes = title.runtimeMinutes * left * share;
  const finished = share >= 0.9;
  const detail = { ...cause, itemId: title.id };
  visit.outcome('play', detail);
  if (visit.chance(0.05)) visit.outcome('skip', { ...detail, properties: { what: 'intro' } });
  const pauses = minutes > 25 && visit.chance(0.12);
  visit.now += Math.round(minutes * 60_000 * (pauses ? 0.5 : 1));
  if (pauses) {
    visit.outcome('pause', detail);
    visit.wait(240);
    visit.now += Math.round(minutes * 30_000);
  }
  const delay = reportingDelay(visit);
  visit.outcome('watch', { ...detail, value: Math.round(minutes * 60) }, delay);
  if (finished) visit.outcome('complete', detail, delay);
  reactions(visit, title, match, cause, finished);
  remember(visit, title, share);
  visit.state.watched = [...visit.state.watched, title.id].slice(-historyLength);
  return { minutes, match, finished };
}

/** What the row "Continue watching" will show: a title broken off, or a series with more episodes to come. */
function remember(visit: Visit, title: Title, share: number): void {
  const { state } = visit;
  const finished = share >= 0.9;
  if (finished && title.kind === 'series' && visit.chance(0.85)) state.unfinished = title.id;
  else if (finished && state.unfinished === title.id) state.unfinished = null;
  else if (!finished && share > 0.08) state.unfinished = title.id;
}

/** After a finished episode the player may go on by itself: surface `player.autoplay`. */
function* autoplay(visit: Visit, title: Title): Play<Watched | null> {
  const [served] = yield* visit.ask([{ surface: 'player.autoplay' }]);
  if (!served) return null;
  visit.exposure(served);
  const countdown = (served.value as { countdownSeconds?: number } | undefined)?.countdownSeconds ?? 10;
  if (!visit.chance(autoplayContinuation[String(countdown)] ?? 0)) return null;
  visit.wait(countdown);
  return yield* watchOnce(visit, title, { decisionId: served.decisionId }, false);
}

/** Plays a title, and the next episode if autoplay carries on; else perhaps another title. */
export function* watchTitle(visit: Visit, title: Title, cause: Cause, resumed = false): Play<Watched> {
  const first = yield* watchOnce(visit, title, cause, resumed);
  if (!first.finished) return first;
  const next =
    (title.kind === 'series' ? yield* autoplay(visit, title) : null) ?? (yield* goOn(visit, title));
  return next ? { minutes: first.minutes + next.minutes, match: first.match } : first;
}

/** What the player offers when a title has come to its end: surface `player.next`. */
function* goOn(visit: Visit, title: Title): Play<Watched | null> {
  const picked = yield* readNext(visit, title);
  return picked ? yield* watchOnce(visit, picked.title, picked.cause, false) : null;
}
