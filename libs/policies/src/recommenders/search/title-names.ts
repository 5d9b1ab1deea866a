import { editsBetween } from './edits.js';
import type { TextIndex } from './text-index.js';
import { trigramsOf } from './words.js';

/** How well the names of a title answer a query as a whole. All in [0, 1]. */
export interface NameMatch {
  /** 1: the query is its name. */
  exact: number;
  /** The query begins its name, by how much of it is typed. */
  prefix: number;
  /** The query holds its name, or its name the query, word by word. */
  holds: number;
  /** Dice's coefficient of their trigrams (Dice 1945), or what the edits between them leave, whichever is more. */
  alike: number;
}

const SHORTEST_HELD = 4;
/** Names from this likeness on are compared letter by letter. */
const LEAST_COMPARED = 0.2;
const MOST_EDITS = 2;
const SHORTEST_COMPARED = 4;

/** Names of titles by their trigrams. */
export class TitleNames {
  private readonly grams = new Map<string, number[]>();
  private readonly sizes: Uint16Array;
  private readonly byKey = new Map<string, number[]>();
  private readonly shared: Uint16Array;

  constructor(private readonly index: Pick<TextIndex, 'keys' | 'keyOwner'>) {
    const { keys } = index;
    this.sizes = new Uint16Array(keys.length);
    this.shared = new Uint16Array(keys.length);
    keys.forEach((key, i) => {
      const grams = trigramsOf(key);
      this.sizes[i] = grams.length;
      for (const gram of grams) push(this.grams, gram, i);
      push(this.byKey, key, index.keyOwner[i] as number);
    });
  }

  /** Titles with exactly this name. */
  named(key: string): readonly number[] {
    return this.byKey.get(key) ?? [];
  }

  /**
   * Tells of every title whose name shares something with the query.
   * @param least share of trigrams from which similarity alone is told of.
   */
  match(key: string, least: number, tell: (title: number, match: NameMatch) => void): void {
    const { keys, keyOwner } = this.index;
    const grams = trigramsOf(key);
    const touched: number[] = [];
    for (const gram of grams) {
      for (const name of this.grams.get(gram) ?? []) {
        if (this.shared[name] === 0) touched.push(name);
        this.shared[name] = (this.shared[name] as number) + 1;
      }
    }
    const padded = ` ${key} `;
    for (const name of touched) {
      const shared = this.shared[name] as number;
      this.shared[name] = 0;
      const size = this.sizes[name] as number;
      const dice = (2 * shared) / (grams.length + size);
      const alike = dice < LEAST_COMPARED ? dice : Math.max(dice, closeness(key, keys[name] as string));
      // One name within the other shares nearly all trigrams of the shorter one.
      const within = shared >= Math.min(grams.length, size) - 2;
      if (alike < least && !within) continue;
      const match = within ? namesMatch(key, padded, keys[name] as string) : NO_MATCH;
      tell(keyOwner[name] as number, { ...match, alike });
    }
  }
}

/** Share of the name that two edits at most leave as it is; 0 beyond. */
function closeness(key: string, name: string): number {
  const length = Math.min(key.length, name.length);
  if (length < SHORTEST_COMPARED) return 0;
  const most = length < 6 ? 1 : MOST_EDITS;
  const edits = editsBetween(key, name, most);
  return edits > most ? 0 : 1 - (1.5 * edits) / (length + 2);
}

const NO_MATCH: NameMatch = { exact: 0, prefix: 0, holds: 0, alike: 0 };

function namesMatch(key: string, padded: string, name: string): NameMatch {
  const exact = name === key ? 1 : 0;
  const prefix = name.startsWith(key) ? key.length / name.length : 0;
  const wide = ` ${name} `;
  let holds = 0;
  if (padded.includes(wide) && name.length >= SHORTEST_HELD) holds = name.length / key.length;
  else if (wide.includes(` ${key}`) && key.length >= SHORTEST_HELD) holds = key.length / name.length;
  return { exact, prefix, holds, alike: 0 };
}

function push(map: Map<string, number[]>, key: string, value: number): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
