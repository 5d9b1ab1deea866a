import type { Context, Layer, Surface } from '#experiments';
import { messageTemplates } from './messages.js';
import type { Title } from './catalogue.js';
import type { Release } from './shelf.js';
import type { World } from './world.js';

/** The places of the simulated service. */
export const surfaces: readonly Surface[] = [
  {
    key: 'home.rows',
    title: 'Order of the home page rows',
    kind: 'slate',
    defaultValue: null,
    candidateKind: 'row',
  },
  {
    key: 'title.artwork',
    title: 'Artwork of a title',
    kind: 'action',
    defaultValue: null,
    candidateKind: 'artwork',
  },
  {
    key: 'row.artwork',
    title: 'Image of a title within a row',
    kind: 'action',
    defaultValue: null,
    candidateKind: 'artwork',
  },
  {
    key: 'search.results',
    title: 'Search engine',
    kind: 'value',
    defaultValue: { engine: 'classic' },
    candidateKind: null,
  },
  {
    key: 'search.titles',
    title: 'Results of a search',
    kind: 'slate',
    defaultValue: null,
    candidateKind: 'title',
  },
  {
    key: 'notification',
    title: 'Wording of notifications',
    kind: 'value',
    defaultValue: { template: 'plain' },
    candidateKind: null,
  },
  {
    key: 'message.push',
    title: 'Messages to phones',
    kind: 'action',
    defaultValue: null,
    candidateKind: 'message',
  },
  {
    key: 'player.autoplay',
    title: 'Countdown to the next episode',
    kind: 'value',
    defaultValue: { countdownSeconds: 10 },
    candidateKind: null,
  },
  {
    key: 'home.picks',
    title: 'Picks for you',
    kind: 'slate',
    defaultValue: null,
    candidateKind: 'title',
  },
  {
    key: 'player.next',
    title: 'What to watch next',
    kind: 'slate',
    defaultValue: null,
    candidateKind: 'title',
  },
];

/** One layer per part of the product: experiments on different parts overlap freely. */
export const layers: readonly Layer[] = [
  { key: 'home', title: 'Home page', salt: 'layer-home' },
  { key: 'artwork', title: 'Artwork', salt: 'layer-artwork' },
  { key: 'row-images', title: 'Images within rows', salt: 'layer-row-images' },
  { key: 'search', title: 'Search', salt: 'layer-search' },
  { key: 'results', title: 'Search results', salt: 'layer-results' },
  { key: 'messages', title: 'Messages', salt: 'layer-messages' },
  { key: 'player', title: 'Player', salt: 'layer-player' },
  { key: 'push', title: 'Messages to phones', salt: 'layer-push' },
  { key: 'picks', title: 'Picks for you', salt: 'layer-picks' },
  { key: 'next', title: 'What to watch next', salt: 'layer-next' },
];

/** What a surface may show; the shape of `POST /v1/items`. */
export interface WorldItem {
  readonly id: string;
  readonly kind: 'row' | 'artwork' | 'title' | 'message';
  /** The title that an artwork belongs to. */
  readonly subject?: string;
  readonly title: string;
  readonly features: Context;
  /** Place in the default order among the candidates of one request. */
  readonly position: number;
}

function titleItem(title: Title, position: number): WorldItem {
  return {
    id: title.id,
    kind: 'title',
    title: title.name,
    features: {
      genre: title.genre,
      secondGenre: title.secondGenre,
      year: title.year,
      kind: title.kind,
      runtimeMinutes: title.runtimeMinutes,
      // What a device stores for it at 1.6 Mbit/s.
      megabytes: 12 * title.runtimeMinutes,
      people: title.people,
    },
    position,
  };
}

/** Titles that come into the catalogue later; without artwork of their own on the billboard. */
export function releasedItems(world: World, releases: readonly Release[]): WorldItem[] {
  return releases.map(({ title }, index) => titleItem(title, world.titles.length + index));
}

/** All candidates of the world's surfaces, and its titles. */
export function itemsOf(world: World): WorldItem[] {
  const rows = world.rows.map<WorldItem>((row, position) => ({
    id: row.id,
    kind: 'row',
    title: row.title,
    features: { row: row.kind, genre: row.genre },
    position,
  }));
  const titles = world.titles.map(titleItem);
  const artwork = world.titles.flatMap((title) =>
    title.artwork.map<WorldItem>((image, position) => ({
      id: image.id,
      kind: 'artwork',
      subject: title.id,
      title: `${title.name} (${image.style})`,
      features: { style: image.style, brightness: image.brightness, faces: image.faces, genre: title.genre },
      position,
    })),
  );
  // In this order: the first is what is done without a policy, and that is nothing.
  const messages = messageTemplates.map<WorldItem>(({ id, title }, position) => ({
    id,
    kind: 'message',
    title,
    features: {},
    position,
  }));
  return [...rows, ...titles, ...artwork, ...messages];
}
