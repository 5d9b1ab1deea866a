import { ConceptGraph } from './concepts.js';
import { FIELDS, WIDTH } from './documents.js';
import { Lexicon } from './lexicon.js';
import type { Expansion } from './lexicon.js';
import type { Query, QueryTerm } from './query.js';
import { Scratch } from './scratch.js';
import type { TextIndex } from './text-index.js';
import { TitleNames } from './title-names.js';
import type { NameMatch } from './title-names.js';

/** What the text says of one title. Numbers of the head, see head.ts. */
export interface TextMatch {
  readonly names: NameMatch;
  /** Per field the share of the query that it answers, words weighed by their rarity, BM25's saturation. */
  readonly fields: Float64Array;
  /** The same, over all fields. */
  readonly covered: number;
  /** What the graph adds to that. */
  readonly carried: number;
}

/** Why a title was found. */
export interface TermReason {
  readonly word: string;
  readonly matched: string;
  readonly field: number;
  readonly kind: Expansion['kind'];
  readonly share: number;
}

export interface MatchRules {
  readonly typos: boolean;
  readonly graph: boolean;
}

/** BM25's k1 and b per field (Robertson, Zaragoza 2009): short fields repeat nothing worth counting. */
const K1 = [0.4, 0.4, 0.4, 1.2] as const;
const B = [0.4, 0.2, 0.2, 0.6] as const;
/** Words of a query that titles must answer, by rarity, to be found by words alone. */
const LEAST_COVERED = 0.34;
const LEAST_ALIKE = 0.3;
/** From this likeness on a name is found by it alone. */
const FOUND_ALIKE = 0.38;
/** A word that is carried by the graph counts this much of one that is said. */
const CARRIED = 0.8;
const LEAST_CARRIED = 0.34;
/** Attributes that lead on from a word, and titles that each of them leads to. */
const MOST_PATHS = 12;
const MOST_OF_A_PATH = 200;

/**
 * In running text a word that is not the word itself counts less: among thousands of words one that is spelled alike is
 * nearly always there.
 */
const IN_TEXT: Readonly<Record<Expansion['kind'], number>> = {
  word: 1,
  prefix: 0.7,
  typo: 0.35,
  sound: 0.35,
};
const TEXT_FIELD = FIELDS.indexOf('text');

interface TermMatches {
  readonly rarity: number;
  /** Per title how much it speaks of the word, about 1 for a mention. */
  readonly said: Float32Array;
  readonly associations: ReadonlyMap<number, number>;
}

/** What a query finds in an index. Good until the next question. */
export class Found {
  private readonly total: number;

  constructor(
    /** Titles that answer it, in no order. */
    readonly titles: ReadonlySet<number>,
    private readonly matcher: Matcher,
    private readonly names: ReadonlyMap<number, NameMatch>,
    private readonly terms: readonly TermMatches[],
    /** The title that `like` or `more` is about; -1: none. */
    readonly seed: number,
  ) {
    this.total = Math.max(1e-9, rarityOf(terms));
  }

  match(title: number): TextMatch {
    const { graph, scratch } = this.matcher;
    let carried = 0;
    for (const { rarity, said, associations } of this.terms) {
      const own = said[title] as number;
      if (own >= CARRIED || associations.size === 0) continue;
      carried += rarity * Math.max(0, CARRIED * graph.carried(title, associations).share - own);
    }
    const alike = this.seed >= 0 ? graph.likeness(this.seed, title).share : 0;
    const fields = new Float64Array(WIDTH);
    for (let field = 0; field < WIDTH; field++)
      fields[field] = (scratch.fields.values[title * WIDTH + field] as number) / this.total;
    return {
      names: this.names.get(title) ?? NONE,
      fields,
      covered: (scratch.covered.values[title] as number) / this.total,
      carried: Math.max(carried / this.total, alike),
    };
  }

  /** The attribute over which the graph leads to a title; null where it does not. */
  path(title: number): string | null {
    const { graph } = this.matcher;
    let best = { share: 0, by: -1 };
    if (this.seed >= 0) best = graph.likeness(this.seed, title);
    else
      for (const { said, associations } of this.terms) {
        if ((said[title] as number) > 0) continue;
        const here = graph.carried(title, associations);
        if (here.share > best.share) best = here;
      }
    return best.by < 0 ? null : graph.name(best.by);
  }
}

const NONE: NameMatch = { exact: 0, prefix: 0, holds: 0, alike: 0 };
const rarityOf = (terms: readonly TermMatches[]): number =>
  terms.reduce((sum, { rarity }) => sum + rarity, 0);

/** Words per field, over the titles that have any there. */
function averageLengths(lengths: Uint32Array): Float64Array {
  const sums = new Float64Array(WIDTH);
  const titles = new Float64Array(WIDTH);
  lengths.forEach((length, slot) => {
    sums[slot % WIDTH] = (sums[slot % WIDTH] as number) + length;
    titles[slot % WIDTH] = (titles[slot % WIDTH] as number) + Math.sign(length);
  });
  return sums.map((sum, field) => sum / Math.max(1, titles[field] as number));
}

/** Asks an index. Not for two questions at a time. */
export class Matcher {
  readonly names: TitleNames;
  readonly graph: ConceptGraph;
  readonly scratch: Scratch;
  private readonly lexicon: Lexicon;
  private readonly averages: Float64Array;

  constructor(
    readonly index: TextIndex,
    private readonly rules: MatchRules,
  ) {
    this.names = new TitleNames(index);
    this.graph = new ConceptGraph(index);
    this.scratch = new Scratch(index.ids.length);
    this.lexicon = new Lexicon(index);
    this.averages = averageLengths(index.lengths);
  }

  find(query: Query): Found {
    this.scratch.clear();
    const names = this.matchNames(query);
    const seed = this.seedOf(query, names);
    // What is like a title is not found by that title's words.
    const words = query.intent === 'like' && seed >= 0 ? [] : query.terms;
    const terms = words.map((term, n) => this.matchTerm(term, n, query));
    const total = rarityOf(terms);
    const titles = new Set<number>();
    for (const [title, { alike, exact, prefix, holds }] of names)
      if (alike >= FOUND_ALIKE || exact + prefix + holds > 0) titles.add(title);
    const { covered } = this.scratch;
    for (const title of covered.touched)
      if ((covered.values[title] as number) >= LEAST_COVERED * total) titles.add(title);
    if (this.rules.graph) this.addCarried(terms, total, titles);
    if (seed >= 0) this.addLike(seed, query.intent === 'like', titles);
    return new Found(titles, this, names, terms, seed);
  }

  /** Which word of a title answered which word of the query. */
  reasons(query: Query, title: number): TermReason[] {
    return query.terms.flatMap((term) => {
      const best = this.bestPosting(term, query, title);
      return best ? [best] : [];
    });
  }

  private expansions(term: QueryTerm, { mode }: Query): readonly Expansion[] {
    return this.lexicon.expand(term.term, {
      isOpen: term.isOpen,
      isSpoken: mode === 'voice',
      typos: this.rules.typos,
    });
  }

  /** How far a word answers in one field of one title: BM25's part of it, 1 for a mention in a text of average length. */
  private saturation(slot: number, times: number): number {
    const field = slot % WIDTH;
    const [k1, b] = [K1[field] as number, B[field] as number];
    const length = (this.index.lengths[slot] as number) / Math.max(1e-9, this.averages[field] as number);
    const scale = k1 * (1 - b + b * length);
    return (times * (k1 + 1)) / (times + scale);
  }

  /** How much a posting of what a word may mean answers the word. */
  private share(term: QueryTerm, { weight, kind }: Expansion, posting: number): number {
    const slot = posting >>> 8;
    const field = slot % WIDTH;
    const meant = field === TEXT_FIELD ? weight * IN_TEXT[kind] : weight;
    return meant * this.saturation(slot, posting & 255) * (term.fields[field] as number);
  }

  private matchTerm(term: QueryTerm, n: number, query: Query): TermMatches {
    const { start, postings, ids } = this.index;
    const { best, fields, covered } = this.scratch;
    const said = this.scratch.word(n);
    const expansions = this.expansions(term, query);
    for (const expansion of expansions) {
      for (let i = start[expansion.term] as number; i < (start[expansion.term + 1] as number); i++) {
        const posting = postings[i] as number;
        best.raise(posting >>> 8, this.share(term, expansion, posting));
      }
    }
    const rarity = this.rarity(expansions, ids.length);
    for (const slot of best.touched) {
      const share = best.values[slot] as number;
      fields.add(slot, rarity * share);
      said.raise(Math.floor(slot / WIDTH), share);
    }
    best.clear();
    for (const title of said.touched) covered.add(title, rarity * (said.values[title] as number));
    const spoken = this.rules.graph
      ? said.touched.filter((title) => (said.values[title] as number) > 0.25)
      : [];
    const weights = spoken.map((title) => [title, Math.min(1, said.values[title] as number)] as const);
    return { rarity, said: said.values, associations: this.graph.associations(weights) };
  }

  /** Of the likeliest meaning of the word: ln(1 + (titles - n + .5) / (n + .5)), n its postings. */
  private rarity(expansions: readonly Expansion[], titles: number): number {
    const first = expansions[0];
    const { start } = this.index;
    const n = first ? Math.min(titles, (start[first.term + 1] as number) - (start[first.term] as number)) : 0;
    return Math.log(1 + (titles - n + 0.5) / (n + 0.5));
  }

  private matchNames(query: Query): Map<number, NameMatch> {
    const found = new Map<number, NameMatch>();
    const least = this.rules.typos ? LEAST_ALIKE : 2;
    for (const key of new Set([query.key, query.core])) {
      if (key === '') continue;
      this.names.match(key, least, (title, match) => {
        const known = found.get(title);
        const alike = this.rules.typos ? match.alike : 0;
        found.set(title, {
          exact: Math.max(match.exact, known?.exact ?? 0),
          prefix: Math.max(match.prefix, known?.prefix ?? 0),
          holds: Math.max(match.holds, known?.holds ?? 0),
          alike: Math.max(alike, known?.alike ?? 0),
        });
      });
    }
    return found;
  }

  /** The title that others shall be like. */
  private seedOf({ intent, core }: Query, names: ReadonlyMap<number, NameMatch>): number {
    if (intent !== 'like' && intent !== 'more') return -1;
    const [exact] = this.names.named(core);
    if (exact !== undefined) return exact;
    let best = -1;
    let most = 0.5;
    for (const [title, { alike }] of names) if (alike > most) [best, most] = [title, alike];
    return best;
  }

  /** Titles that say too little themselves, and are brought near by what they are. */
  private addCarried(terms: readonly TermMatches[], total: number, titles: Set<number>): void {
    const candidates = new Set<number>();
    for (const { associations } of terms) {
      const strongest = [...associations].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, MOST_PATHS);
      for (const [attribute] of strongest)
        for (const title of this.graph.titles(attribute).subarray(0, MOST_OF_A_PATH)) candidates.add(title);
    }
    for (const title of candidates) {
      if (titles.has(title)) continue;
      let sum = this.scratch.covered.values[title] as number;
      for (const { rarity, said, associations } of terms) {
        if (said[title] === 0) sum += rarity * CARRIED * this.graph.carried(title, associations).share;
      }
      if (sum >= LEAST_CARRIED * total) titles.add(title);
    }
  }

  private addLike(seed: number, withoutItself: boolean, titles: Set<number>): void {
    for (const attribute of this.graph.attributesOf(seed))
      for (const title of this.graph.titles(attribute).subarray(0, 500)) titles.add(title);
    if (withoutItself) titles.delete(seed);
  }

  private bestPosting(term: QueryTerm, query: Query, title: number): TermReason | null {
    const { start, postings, terms } = this.index;
    let best: TermReason | null = null;
    for (const expansion of this.expansions(term, query)) {
      for (let i = start[expansion.term] as number; i < (start[expansion.term + 1] as number); i++) {
        const posting = postings[i] as number;
        const slot = posting >>> 8;
        if (Math.floor(slot / WIDTH) !== title) continue;
        const share = this.share(term, expansion, posting);
        const { kind } = expansion;
        if (share > (best?.share ?? 0))
          best = {
            word: term.term,
            matched: terms[expansion.term] as string,
            field: slot % WIDTH,
            kind,
            share,
          };
      }
    }
    return best;
  }
}
