import { createRng } from '#experiments';
import {
  nextClickProbability,
  nextContinuation,
  pickClickProbability,
  pickContinuation,
} from './behaviour.js';
import { createTitle, type Title } from './catalogue.js';
import type { Cause } from './playback.js';
import type { Play } from './protocol.js';
import type { Member } from './members.js';
import type { Stage, Visit } from './visit.js';
import type { World } from './world.js';

/** A title that comes into the catalogue while the world goes on. */
export interface Release {
  readonly title: Title;
  /** Unix milliseconds of its first day. */
  readonly at: number;
}

/** The places of the app that show titles in an order of their own for everybody: picks on the home page, what comes next. */
export interface Shelf {
  /** Unix milliseconds from which the app has them. */
  readonly from: number;
  readonly releases: readonly Release[];
}

/** Titles of a row of picks, and of the screen after a playback. */
export const picksShown = 8;
export const nextShown = 5;

/** Title number `index` (from 0) of the world with this seed, beyond those that are there from the beginning. */
export function titleOf(seed: string, index: number): Title {
  return createTitle(createRng(seed).fork(`title:${index}`), index);
}

/** Ids of the titles that can be watched at a moment, in the order of the catalogue. */
export function onOffer(world: World, shelf: Shelf, at: number): readonly string[] {
  const released = shelf.releases.filter((release) => release.at <= at).map(({ title }) => title);
  return [...world.titles, ...released].map(({ id }) => id);
}

interface Reading {
  readonly surface: string;
  readonly limit: number;
  /** Chance to look at the next title when this one was not clicked. */
  readonly continuation: number;
  readonly clicks: (title: Title) => number;
}

/** What was clicked, and by which decision. */
export interface Picked {
  readonly title: Title;
  readonly cause: Cause;
}

/** The member reads a list of titles from its beginning and clicks at most one; null: none, or there is no such list. */
function* readTitles(visit: Visit, { surface, limit, continuation, clicks }: Reading): Play<Picked | null> {
  const offered = visit.onOffer();
  if (offered.length === 0) return null;
  // Without a policy the app shows them in an order of chance, so that what is played says something of every title.
  const actions = offered
    .map((id) => ({ id, place: visit.rng.uniform() }))
    .sort((a, b) => a.place - b.place)
    .map(({ id }) => ({ id }));
  const [served] = yield* visit.ask([{ surface, actions, limit }], { history: [...visit.state.watched] });
  if (!served) return null;
  visit.wait(1);
  visit.exposure(served);
  const shown = (served.slate ?? actions).slice(0, limit);
  for (const [position, { id }] of shown.entries()) {
    if (position > 0 && !visit.chance(continuation)) return null;
    const title = visit.stage.titles.get(id);
    visit.wait(1);
    if (!title || !visit.chance(clicks(title))) continue;
    const cause: Cause = { decisionId: served.decisionId, actionId: id, position };
    visit.outcome('click', { ...cause, itemId: id });
    return { title, cause };
  }
  return null;
}

/** Surface `home.picks`: the row of titles for this member, between the billboard and the other rows. */
export function readPicks(visit: Visit): Play<Picked | null> {
  const { member } = visit.state;
  const clicks = (title: Title): number => pickClickProbability(member, title, visit.month);
  return readTitles(visit, {
    surface: 'home.picks',
    limit: picksShown,
    continuation: pickContinuation,
    clicks,
  });
}

/** Surface `player.next`: what to watch after a title that was seen to its end. */
export function readNext(visit: Visit, after: Title): Play<Picked | null> {
  const { member } = visit.state;
  const clicks = (title: Title): number =>
    title === after ? 0 : nextClickProbability(member, title, after, visit.month);
  return readTitles(visit, {
    surface: 'player.next',
    limit: nextShown,
    continuation: nextContinuation,
    clicks,
  });
}

/**
 * Chance that a member clicks anything of a list, by the laws of behaviour: what a truth needs no luck for.
 * @param watched ids of the titles played last, newest last.
 */
export function clickChance(
  stage: Stage,
  surface: 'home.picks' | 'player.next',
  asked: { readonly member: Member; readonly month: number; readonly watched: readonly string[] },
  slate: readonly string[],
): number {
  const { member, month } = asked;
  const after = stage.titles.get(asked.watched.at(-1) ?? '');
  let [looking, missed] = [1, 0];
  for (const id of slate) {
    const title = stage.titles.get(id);
    if (!title) continue;
    const own =
      surface === 'home.picks'
        ? pickClickProbability(member, title, month)
        : after === undefined || after === title
          ? 0
          : nextClickProbability(member, title, after, month);
    const onward = looking * (1 - own);
    const next = onward * (surface === 'home.picks' ? pickContinuation : nextContinuation);
    missed += onward - next;
    looking = next;
  }
  return 1 - missed - looking;
}
