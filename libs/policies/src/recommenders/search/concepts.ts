import type { TextIndex } from './text-index.js';

/** Titles of an attribute that is taken for certain; rarer ones say less than they seem to. */
const SHRINK = 4;
/** What more titles than this say, and more than this share of the catalogue, is carried nowhere. */
const COMMON = { titles: 50, share: 0.05 };

/**
 * The graph of titles and what they are: people, tags, decades. A word of a query is carried along it: a title that does not
 * say "space" still has to do with it when titles with its tags and people say so.
 */
export class ConceptGraph {
  private readonly titlesStart: Uint32Array;
  private readonly titlesOf: Uint32Array;
  private readonly mass: Float64Array;
  /** ln((1 + titles) / (1 + titles of the attribute)). */
  private readonly rarity: Float64Array;

  constructor(
    private readonly index: Pick<TextIndex, 'ids' | 'attributes' | 'attributeStart' | 'attributeOf'>,
  ) {
    const { ids, attributes, attributeOf } = index;
    const counts = new Uint32Array(attributes.length + 1);
    for (const attribute of attributeOf) counts[attribute + 1] = (counts[attribute + 1] as number) + 1;
    for (let a = 0; a < attributes.length; a++)
      counts[a + 1] = (counts[a + 1] as number) + (counts[a] as number);
    this.titlesStart = counts;
    this.titlesOf = new Uint32Array(attributeOf.length);
    this.mass = new Float64Array(attributes.length);
    this.rarity = new Float64Array(attributes.length);
    const next = this.titlesStart.slice();
    ids.forEach((_, title) => {
      for (const attribute of this.attributesOf(title)) {
        const at = next[attribute] as number;
        this.titlesOf[at] = title;
        next[attribute] = at + 1;
      }
    });
    for (let a = 0; a < attributes.length; a++)
      this.rarity[a] = Math.log((1 + ids.length) / (1 + this.titles(a).length));
  }

  attributesOf(title: number): Uint32Array {
    const { attributeStart, attributeOf } = this.index;
    return attributeOf.subarray(attributeStart[title], attributeStart[title + 1]);
  }

  titles(attribute: number): Uint32Array {
    return this.titlesOf.subarray(this.titlesStart[attribute], this.titlesStart[attribute + 1]);
  }

  /**
   * How much attributes have to do with a word: the share of their titles that speak of it, shrunken towards none.
   * @param spoken titles that speak of it, and how much, in (0, 1].
   * @returns attribute -> share in (0, 1), of those that have something to do with it.
   */
  associations(spoken: readonly (readonly [title: number, weight: number])[]): Map<number, number> {
    const found = new Map<number, number>();
    const titles = Math.max(1, this.index.ids.length);
    if (spoken.length > Math.max(COMMON.titles, COMMON.share * titles)) return found;
    const base = spoken.length / titles;
    const touched = new Set<number>();
    for (const [title, weight] of spoken) {
      for (const attribute of this.attributesOf(title)) {
        this.mass[attribute] = (this.mass[attribute] as number) + weight;
        touched.add(attribute);
      }
    }
    for (const attribute of touched) {
      const share = (this.mass[attribute] as number) / (this.titles(attribute).length + SHRINK);
      this.mass[attribute] = 0;
      // Only what is said more often here than anywhere else.
      if (share > 2 * base) found.set(attribute, share - base);
    }
    return found;
  }

  /** Chance that one of the title's attributes brings the word with it (noisy or), and the one that does most. */
  carried(title: number, associations: ReadonlyMap<number, number>): { share: number; by: number } {
    let none = 1;
    let most = 0;
    let by = -1;
    for (const attribute of this.attributesOf(title)) {
      const share = associations.get(attribute);
      if (share === undefined) continue;
      none *= 1 - share;
      if (share > most) {
        most = share;
        by = attribute;
      }
    }
    return { share: 1 - none, by };
  }

  /** Cosine of two titles' attributes, each weighed by its rarity, and the attribute that they share most. */
  likeness(a: number, b: number): { share: number; by: number } {
    const own = new Set(this.attributesOf(a));
    let dot = 0;
    let most = 0;
    let by = -1;
    for (const attribute of this.attributesOf(b)) {
      if (!own.has(attribute)) continue;
      const weight = (this.rarity[attribute] as number) ** 2;
      dot += weight;
      if (weight > most) [most, by] = [weight, attribute];
    }
    return { share: dot === 0 ? 0 : dot / (this.size(a) * this.size(b)), by };
  }

  private size(title: number): number {
    let sum = 0;
    for (const attribute of this.attributesOf(title)) sum += (this.rarity[attribute] as number) ** 2;
    return Math.sqrt(sum);
  }

  name(attribute: number): string {
    return this.index.attributes[attribute] as string;
  }
}
