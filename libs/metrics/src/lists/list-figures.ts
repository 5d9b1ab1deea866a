import { coverageOf, giniOf, overlapOf, surpriseOf } from './concentration.js';
import { addToMix, divergenceOf, entropyOf, intraListDistance } from './mix.js';

/** A list as it was shown: titles by number, the first first. */
export interface ShownList {
  readonly member: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly titles: ArrayLike<number>;
}

/** What is known of the titles that could be shown; a list names them by their place here. */
export interface ShownTitles {
  /** Values of the feature whose mix is looked at (genres), per title. */
  readonly values: readonly (readonly string[])[];
  /** Members who know each title, and members in all: what is popular is no surprise. */
  readonly known: ArrayLike<number>;
  readonly members: number;
}

/** Means over lists; null where a figure is not defined for any of them. */
export interface ListFigures {
  readonly lists: number;
  readonly members: number;
  /** Titles that could be shown. */
  readonly titles: number;
  /** Shannon entropy in bits of the mix of a list, mean over lists. */
  readonly entropy: number | null;
  /** Bits of surprise per title, mean over lists. */
  readonly novelty: number | null;
  /** Share of the titles that were shown at all. */
  readonly coverage: number | null;
  /** Gini index of how often titles were shown. */
  readonly gini: number | null;
  /** 1 - Jaccard similarity of the values, mean over the pairs of a list and then over lists. */
  readonly distance: number | null;
  /** What two members have in common of what they were shown. */
  readonly overlap: number | null;
}

class Mean {
  private sum = 0;
  private n = 0;
  add(value: number | null): void {
    if (value === null) return;
    this.sum += value;
    this.n++;
  }
  get value(): number | null {
    return this.n > 0 ? this.sum / this.n : null;
  }
}

/** Collects lists one by one; memory grows with titles and member-title pairs, not with lists. */
export class ListTally {
  private lists = 0;
  private readonly entropy = new Mean();
  private readonly novelty = new Mean();
  private readonly distance = new Mean();
  private readonly shown: Float64Array;
  private readonly membersOf: Float64Array;
  private readonly seenBy = new Map<string, Set<number>>();
  private readonly sets: ReadonlySet<string>[];

  constructor(private readonly titles: ShownTitles) {
    this.shown = new Float64Array(titles.values.length);
    this.membersOf = new Float64Array(titles.values.length);
    this.sets = titles.values.map((values) => new Set(values));
  }

  add({ member, titles }: ShownList): void {
    if (titles.length === 0) return;
    this.lists++;
    let seen = this.seenBy.get(member);
    if (!seen) this.seenBy.set(member, (seen = new Set()));
    const mix = new Map<string, number>();
    let surprise = 0;
    const sets: ReadonlySet<string>[] = [];
    for (let place = 0; place < titles.length; place++) {
      const title = titles[place] as number;
      this.shown[title] = (this.shown[title] as number) + 1;
      if (!seen.has(title)) {
        seen.add(title);
        this.membersOf[title] = (this.membersOf[title] as number) + 1;
      }
      addToMix(mix, this.titles.values[title] ?? []);
      surprise += surpriseOf(this.titles.known[title] ?? 0, this.titles.members);
      sets.push(this.sets[title] as ReadonlySet<string>);
    }
    this.entropy.add(entropyOf(mix));
    this.novelty.add(surprise / titles.length);
    this.distance.add(intraListDistance(sets));
  }

  /** How often each title was shown. */
  get counts(): Float64Array {
    return this.shown;
  }

  figures(): ListFigures {
    return {
      lists: this.lists,
      members: this.seenBy.size,
      titles: this.shown.length,
      entropy: this.entropy.value,
      novelty: this.novelty.value,
      coverage: coverageOf(this.shown),
      gini: giniOf(this.shown),
      distance: this.distance.value,
      overlap: overlapOf(this.membersOf, this.seenBy.size),
    };
  }
}

/** How members' mixes moved from the first half of a period to the second. */
export interface MixDrift {
  /** Members who were shown enough in both halves. */
  readonly members: number;
  /** Jensen-Shannon divergence in bits between the halves, mean over members. */
  readonly divergence: number | null;
  /** Entropy of the second half less that of the first, mean over members: below 0, lists have narrowed. */
  readonly entropyChange: number | null;
  /** Standard error of `entropyChange` over members; null below two. */
  readonly standardError: number | null;
}

/**
 * @param middle Unix milliseconds that part the period.
 * @param least titles that a member must have been shown in each half to count.
 */
export function mixDrift(
  lists: Iterable<ShownList>,
  values: readonly (readonly string[])[],
  middle: number,
  least: number,
): MixDrift {
  const halves = new Map<string, [Map<string, number>, Map<string, number>, [number, number]]>();
  for (const { at, member, titles } of lists) {
    let of = halves.get(member);
    if (!of) halves.set(member, (of = [new Map(), new Map(), [0, 0]]));
    const half = at < middle ? 0 : 1;
    of[2][half] += titles.length;
    for (let place = 0; place < titles.length; place++)
      addToMix(of[half], values[titles[place] as number] ?? []);
  }
  const divergence = new Mean();
  const changes: number[] = [];
  for (const [before, after, shown] of halves.values()) {
    if (shown[0] < least || shown[1] < least) continue;
    const [from, to] = [entropyOf(before), entropyOf(after)];
    if (from === null || to === null) continue;
    divergence.add(divergenceOf(before, after));
    changes.push(to - from);
  }
  const { mean, standardError } = meanOf(changes);
  return {
    members: changes.length,
    divergence: divergence.value,
    entropyChange: mean,
    standardError,
  };
}

function meanOf(values: readonly number[]): { mean: number | null; standardError: number | null } {
  const n = values.length;
  if (n === 0) return { mean: null, standardError: null };
  const mean = values.reduce((sum, one) => sum + one, 0) / n;
  const square = values.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, standardError: n > 1 ? Math.sqrt(square / (n - 1) / n) : null };
}
