import { createRng } from '#experiments';
import { createTitle, homeRows, type HomeRow, type Title } from './catalogue.js';
import { createMember, type Member } from './members.js';
import { intentsFor } from './search-intents.js';
import type { SearchIntent } from './search-intents.js';

export interface WorldSize {
  readonly members: number;
  readonly titles: number;
}

/** What a member types, and the title meant by it. */
export interface NotificationTemplate {
  readonly key: string;
  readonly text: string;
}

/** A streaming service with everything that exists in it; plain JSON, equal for equal seeds. */
export interface World {
  readonly seed: string;
  readonly size: WorldSize;
  readonly members: readonly Member[];
  readonly titles: readonly Title[];
  readonly rows: readonly HomeRow[];
  readonly searchIntents: readonly SearchIntent[];
  readonly notifications: readonly NotificationTemplate[];
}

/** Seed and size of the world that an installation is shown with. */
export const demoSeed = 'marquee';
export const defaultSize: WorldSize = { members: 5000, titles: 40 };

/**
 * @param seed any text; each member and each title depends on it and on its own number only, so that a larger
 *   world contains the smaller one of the same seed.
 */
export function createWorld(seed: string, size: WorldSize = defaultSize): World {
  const root = createRng(seed);
  const titles = Array.from({ length: size.titles }, (_, i) => createTitle(root.fork(`title:${i}`), i));
  return {
    seed,
    size,
    titles,
    members: Array.from({ length: size.members }, (_, i) => memberOf(seed, i)),
    rows: homeRows,
    searchIntents: titles.flatMap((title, i) => intentsFor(title, root.fork(`search:${i}`))),
    notifications: [
      { key: 'plain', text: 'New episodes are waiting for you.' },
      { key: 'friendly', text: 'Your evening is saved: new episodes are here!' },
    ],
  };
}

/** Member number `index` (from 0) of the world with this seed, also beyond the world's size: who joins later. */
export function memberOf(seed: string, index: number): Member {
  return createMember(createRng(seed).fork(`member:${index}`), index);
}
