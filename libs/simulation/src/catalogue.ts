import type { Rng } from '#experiments';
import { genres, type Genre } from './calendar.js';

export const artworkStyles = ['landscape', 'face', 'action', 'text'] as const;
export type ArtworkStyle = (typeof artworkStyles)[number];

export interface Artwork {
  readonly id: string;
  readonly titleId: string;
  readonly style: ArtworkStyle;
  readonly brightness: number;
  readonly faces: number;
  /** What the image adds to the log-odds of a click for everybody, beyond its style. */
  readonly appeal: number;
}

export interface Title {
  readonly id: string;
  readonly name: string;
  readonly genre: Genre;
  readonly secondGenre: Genre;
  readonly people: readonly string[];
  readonly year: number;
  readonly runtimeMinutes: number;
  readonly kind: 'film' | 'series';
  /** Standard normal: how good it is, for everybody. */
  readonly quality: number;
  /** Position in the genre space, unit length; a member's affinity is the dot product with the taste. */
  readonly latent: readonly number[];
  readonly artwork: readonly Artwork[];
}

export type RowKind = 'continue' | 'list' | 'trending' | 'new' | 'genre' | 'because' | 'awards' | 'gems';

export interface HomeRow {
  readonly id: string;
  readonly title: string;
  readonly kind: RowKind;
  readonly genre: Genre | null;
}

/** The rows of the home page in the order that the product shows without any experiment. */
export const homeRows: readonly HomeRow[] = [
  { id: 'row-trending', title: 'Trending now', kind: 'trending', genre: null },
  { id: 'row-new', title: 'New this week', kind: 'new', genre: null },
  { id: 'row-comedy', title: 'Comedies', kind: 'genre', genre: 'comedy' },
  { id: 'row-drama', title: 'Acclaimed dramas', kind: 'genre', genre: 'drama' },
  { id: 'row-action', title: 'Action and adventure', kind: 'genre', genre: 'action' },
  { id: 'row-continue', title: 'Continue watching', kind: 'continue', genre: null },
  { id: 'row-because', title: 'Because you watched', kind: 'because', genre: null },
  { id: 'row-horror', title: 'Dark and chilling', kind: 'genre', genre: 'horror' },
  { id: 'row-list', title: 'My list', kind: 'list', genre: null },
  { id: 'row-scifi', title: 'Other worlds', kind: 'genre', genre: 'scifi' },
  { id: 'row-awards', title: 'Award winners', kind: 'awards', genre: null },
  { id: 'row-gems', title: 'Hidden gems', kind: 'gems', genre: null },
];

const nameStarts = [
  'The Silent',
  'Northern',
  'A Distant',
  'Broken',
  'The Last',
  'Midnight',
  'Paper',
  'Hidden',
  'Burning',
  'Golden',
  'Salt and',
  'The Ninth',
];
const nameEnds = [
  'Harbour',
  'Winter',
  'Letters',
  'Orbit',
  'Kingdom',
  'Station',
  'Garden',
  'Witness',
  'Highway',
  'Tide',
  'Parade',
  'Signal',
  'Orchard',
];
const firstNames = [
  'Ada',
  'Bruno',
  'Carla',
  'Dimitri',
  'Elif',
  'Farid',
  'Greta',
  'Hiro',
  'Ines',
  'Jonas',
  'Kira',
  'Luis',
];
const lastNames = [
  'Almeida',
  'Brandt',
  'Costa',
  'Dubois',
  'Ek',
  'Fontaine',
  'Greco',
  'Haddad',
  'Ito',
  'Jansen',
];

function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.below(list.length)] as T;
}

function createArtwork(rng: Rng, titleId: string): Artwork[] {
  return artworkStyles.map((style) => ({
    id: `${titleId}-${style}`,
    titleId,
    style,
    brightness: Math.round(100 * (0.25 + 0.6 * rng.uniform())) / 100,
    faces: style === 'face' ? 1 + rng.below(3) : style === 'action' ? rng.below(2) : 0,
    appeal: 0.08 * rng.normal(),
  }));
}

/** Primary genre counts most; every title also leans a little in random directions. */
function createLatent(rng: Rng, genre: Genre, secondGenre: Genre): number[] {
  const raw = genres.map((g) => (g === genre ? 1 : 0) + (g === secondGenre ? 0.5 : 0) + 0.12 * rng.normal());
  const length = Math.hypot(...raw);
  return raw.map((value) => value / length);
}

/** Title number `index` of the catalogue; depends on the seed of `rng` alone. */
export function createTitle(rng: Rng, index: number): Title {
  const id = `t-${String(index + 1).padStart(3, '0')}`;
  const genre = genres[index % genres.length] as Genre;
  const secondGenre = pick(rng, genres);
  const kind = rng.uniform() < 0.55 ? 'series' : 'film';
  return {
    id,
    // The same pair of words comes back only after 156 titles.
    name: `${nameStarts[index % nameStarts.length]} ${nameEnds[(index * 7) % nameEnds.length]}`,
    genre,
    secondGenre,
    people: Array.from({ length: 3 }, () => `${pick(rng, firstNames)} ${pick(rng, lastNames)}`),
    year: 1985 + rng.below(41),
    runtimeMinutes: kind === 'series' ? 24 + rng.below(32) : 82 + rng.below(60),
    kind,
    quality: rng.normal(),
    latent: createLatent(rng, genre, secondGenre),
    artwork: createArtwork(rng, id),
  };
}
