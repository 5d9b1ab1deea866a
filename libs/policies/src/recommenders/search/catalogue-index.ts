import type { Action, DecisionRequest } from '../../contract.js';
import { documentOf } from './documents.js';
import type { DocumentRules } from './documents.js';
import { Matcher } from './matching.js';
import type { Found, MatchRules } from './matching.js';
import { readQuery } from './query.js';
import type { Mode, Query } from './query.js';
import { buildIndex } from './text-index.js';
import type { TextIndex } from './text-index.js';

/** Titles that training has not met and that one request may bring; bounds its time. */
const MOST_NEW = 256;

/** Where an action is found: in the index of training, or in the one of the titles that came later. */
export interface Place {
  readonly matcher: Matcher;
  readonly title: number;
  readonly isNew: boolean;
}

/** The actions of one request, placed. */
export interface Located {
  readonly places: readonly (Place | null)[];
  /** Null where all are known from training. */
  readonly fresh: Matcher | null;
}

/** A question, and what each index found. */
export interface Answered {
  readonly query: Query;
  readonly known: Found;
  readonly fresh: Found | null;
}

/** The index of training together with titles that are newer: those are indexed when they first come in a request. */
export class CatalogueIndex {
  readonly matcher: Matcher;
  private readonly place: ReadonlyMap<string, number>;
  /** Registered candidates come again as the same list. */
  private readonly located = new WeakMap<readonly Action[], Located>();
  private last: {
    readonly key: string;
    readonly fresh: Matcher | null;
    readonly answer: Answered | null;
  } | null = null;

  constructor(
    index: TextIndex,
    private readonly documents: DocumentRules,
    private readonly rules: MatchRules,
  ) {
    this.matcher = new Matcher(index, rules);
    this.place = new Map(index.ids.map((id, i) => [id, i]));
  }

  indexOf(id: string): number | undefined {
    return this.place.get(id);
  }

  locate({ actions }: Pick<DecisionRequest, 'actions'>): Located {
    let located = this.located.get(actions);
    if (!located) this.located.set(actions, (located = this.locateAll(actions)));
    return located;
  }

  private locateAll(actions: readonly Action[]): Located {
    const added = actions.filter(({ id }) => !this.place.has(id)).slice(0, MOST_NEW);
    const documents = added.map(({ id, title, features }) => documentOf(id, title, features, this.documents));
    const fresh = added.length === 0 ? null : new Matcher(buildIndex(documents), this.rules);
    const later = new Map(added.map(({ id }, i) => [id, i]));
    const places = actions.map(({ id }): Place | null => {
      const known = this.place.get(id);
      if (known !== undefined) return { matcher: this.matcher, title: known, isNew: false };
      const title = later.get(id);
      return fresh && title !== undefined ? { matcher: fresh, title, isNew: true } : null;
    });
    return { places, fresh };
  }

  /** What both indices find; null for an empty question. The last answer is kept: retrieval and ranking ask the same. */
  answer(text: string, mode: Mode, fresh: Matcher | null): Answered | null {
    const key = `${mode} ${text}`;
    if (this.last?.key === key && this.last.fresh === fresh) return this.last.answer;
    const query = readQuery(
      text,
      mode,
      (name) => this.matcher.names.named(name).length > 0 || (fresh?.names.named(name).length ?? 0) > 0,
    );
    const answer = query && { query, known: this.matcher.find(query), fresh: fresh?.find(query) ?? null };
    this.last = { key, fresh, answer };
    return answer;
  }
}
