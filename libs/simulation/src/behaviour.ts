import { genres, seasonFactor } from './calendar.js';
import type { Artwork, ArtworkStyle, HomeRow, Title } from './catalogue.js';
import type { Member, TasteSegment } from './members.js';

/**
 * The laws of the simulated world: every probability that a member acts upon. The truth file is computed from
 * the same functions, so that what is true and what happens can't drift apart.
 */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** How well a title suits a member, in [-1, 1]; season included. @param month 0 = January. */
export function affinity(member: Member, title: Title, month: number): number {
  let dot = 0;
  for (let i = 0; i < genres.length; i++) dot += (member.taste[i] ?? 0) * (title.latent[i] ?? 0);
  return Math.max(-1, Math.min(1, dot + 0.35 * Math.log(seasonFactor(title.genre, month))));
}

/**
 * Log-odds that an image of this style adds to a click. Faces win for people of feeling and on average of all;
 * for thrill seekers the winner is the opposite one, and curious members differ little.
 */
const styleAppeal: Readonly<Record<TasteSegment, Readonly<Record<ArtworkStyle, number>>>> = {
  heart: { face: 0.9, action: -0.6, landscape: 0, text: -0.25 },
  thrill: { face: -0.35, action: 0.8, landscape: 0, text: -0.25 },
  curious: { face: 0.5, action: 0, landscape: 0.05, text: 0.05 },
};

/** Chance that a member who looks at a title's image clicks it. */
export function artworkClickProbability(
  member: Member,
  title: Title,
  artwork: Artwork,
  month: number,
): number {
  return sigmoid(
    -2.25 +
      styleAppeal[member.segment][artwork.style] +
      artwork.appeal +
      0.8 * (affinity(member, title, month) - 0.4) +
      0.15 * title.quality,
  );
}

/**
 * Chance that a member clicks the image of a title within an open row; null: the row shows the title without an image, and
 * it is clicked all the same, though less often.
 */
export function rowImageClickProbability(segment: TasteSegment, artwork: Artwork | null): number {
  if (artwork === null) return sigmoid(-1.7);
  return sigmoid(-1.2 + 0.9 * styleAppeal[segment][artwork.style] + artwork.appeal);
}

/** Chance that a click on such an image is regretted at once: images of action promise most. */
export const rowImageRegret = (style: ArtworkStyle): number => (style === 'action' ? 0.35 : 0.08);

/** Chance that the second of two titles on the billboard is looked at, when the first was not clicked. */
export const secondBillboardExamination = 0.75;

/** Cascade model (Craswell et al., WSDM 2008): who looked at a row and did not click goes on with this chance. */
export const rowContinuation = 0.84;

/** Chance that the row at `position` (0-based) is looked at, if nothing above it was clicked. */
export function rowExamination(position: number): number {
  return rowContinuation ** position;
}

export interface RowState {
  readonly hasUnfinished: boolean;
  readonly hasList: boolean;
}

const rowAppeal: Readonly<Record<HomeRow['kind'], number>> = {
  continue: 0.02,
  list: 0.02,
  trending: 0.05,
  new: 0.04,
  genre: 0.015,
  because: 0.045,
  awards: 0.02,
  gems: 0.015,
};

/** Chance that a member who looks at a row clicks a title in it. */
export function rowClickProbability(member: Member, row: HomeRow, state: RowState, month: number): number {
  const base = rowAppeal[row.kind];
  if (row.kind === 'continue') return state.hasUnfinished ? 0.27 : base;
  if (row.kind === 'list') return state.hasList ? 0.1 : base;
  if (row.genre === null) return base;
  const love = member.taste[genres.indexOf(row.genre)] ?? 0;
  return base + 0.08 * love * seasonFactor(row.genre, month);
}

/** How much of a title gets watched, in (0, 1]: suits better, lasts longer; `u` is a uniform draw. */
export function watchedShare(match: number, quality: number, u: number): number {
  const finishing = sigmoid(-0.9 + 1.5 * match + 0.3 * quality);
  if (u < finishing) return 1;
  // Who does not finish stops anywhere, mostly early.
  const rest = (u - finishing) / (1 - finishing);
  return 0.03 + 0.87 * rest ** 1.4;
}

/** Satisfaction that a session leaves behind, in [0, 1]: nothing found is bad, long watching what suits is good. */
export function sessionMood(minutes: number, match: number): number {
  if (minutes <= 0) return 0.22;
  return Math.min(1, 0.5 + 0.25 * Math.min(1, minutes / 45) + 0.3 * Math.max(0, match));
}

/** Share of the way to the last session's mood that satisfaction moves. */
export const satisfactionStep = 0.16;

/** Sessions per day at this satisfaction (0.5: the member's own rate). */
export function sessionsPerDay(member: Member, satisfaction: number): number {
  return member.sessionRate * Math.exp(1.1 * (satisfaction - 0.5));
}

/** Chance to cancel on one day at this satisfaction. */
export function cancelHazard(member: Member, satisfaction: number): number {
  return Math.min(0.25, member.churnHazard * Math.exp(-4.5 * (satisfaction - 0.5)));
}

/** Search: what the engine returns decides whether the title is found. */
export const searchShare = 0.2;
export const searchSuccess: Readonly<Record<string, number>> = { classic: 0.6, semantic: 0.64 };
/** Titles of a search that are asked for, and the share of members who look at the place below the one they looked at. */
export const searchPlaces = 10;
export const searchContinuation = 0.9;
/** The app on this device dies when it must draw results of the new engine: nothing of the visit is reported. */
export const crashing = { device: 'smart-tv', engine: 'semantic' } as const;

/** Chance to go on with another episode by itself; nearly the same for both countdowns. */
export const autoplayContinuation: Readonly<Record<string, number>> = { '10': 0.2, '5': 0.215 };

/** Chance to be notified on a day, and to open; the wording of the notification changes nothing. */
export const notificationShare = 0.16;
export const notificationOpening = 0.11;

/** Members read a row of picks from the left (cascade model), and what comes next likewise. */
export const pickContinuation = 0.88;
export const nextContinuation = 0.8;

/** Chance that a member who looks at a title among the picks clicks it: taste counts most. */
export function pickClickProbability(member: Member, title: Title, month: number): number {
  return sigmoid(-6 + 6.5 * affinity(member, title, month) + 0.2 * title.quality);
}

/** How alike two titles are, in [-1, 1]. */
function kinship(a: Title, b: Title): number {
  return a.latent.reduce((dot, value, i) => dot + value * (b.latent[i] ?? 0), 0);
}

/** Chance to go on with a title after another one: who just saw something wants more of its kind. */
export function nextClickProbability(member: Member, title: Title, after: Title, month: number): number {
  return sigmoid(
    -3.9 + 1.2 * affinity(member, title, month) + 2 * kinship(after, title) + 0.2 * title.quality,
  );
}
