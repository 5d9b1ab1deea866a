import { DomainError } from '#experiments';
import type { Context } from '#experiments';
import { coverageOf, giniOf, intraListDistance } from '#metrics';
import type { Action } from '#policies';

/** Titles of a list that these figures look at. */
const TOP = 20;

export interface ListScores {
  readonly 'coverage@20': number;
  /** Gini index of how often each candidate stands in a top 20: 1 when all get the same. */
  readonly 'gini@20': number;
  /** Mean over pairs of a top 20 of 1 - Jaccard similarity of genres; null where no title has genres. */
  readonly 'ild@20': number | null;
}

/** Genres of a title as the data has them. */
export function genresOf(features: Context | undefined): readonly string[] {
  const genres = features?.['genres'];
  return Array.isArray(genres) ? (genres as readonly string[]) : [];
}

/** What the top 20 of all cases look like as lists. */
export class ListScore {
  private readonly counts = new Map<number, number>();
  private distance = 0;
  private lists = 0;
  private genres = false;

  /** @param ranked positions of titles, best first; `actions` are the titles by position. */
  add(ranked: readonly number[], actions: readonly Action[]): void {
    const top = ranked.slice(0, TOP);
    for (const item of top) this.counts.set(item, (this.counts.get(item) ?? 0) + 1);
    const sets = top.map((item) => new Set(genresOf(actions[item]?.features)));
    this.genres ||= sets.some((set) => set.size > 0);
    this.distance += intraListDistance(sets) ?? 0;
    this.lists++;
  }

  figures(candidates: readonly number[]): ListScores {
    const counts = candidates.map((item) => this.counts.get(item) ?? 0);
    return {
      'coverage@20': coverageOf(counts) ?? 0,
      'gini@20': giniOf(counts) ?? 0,
      'ild@20': this.genres ? this.distance / this.lists : null,
    };
  }
}

/** The parameters of a policy with re-rankers around what it wears already. @throws DomainError `invalid_params`. */
export function withRerankers(params: unknown, rerank: unknown): unknown {
  if (rerank === undefined) return params;
  const list: unknown[] = Array.isArray(rerank) ? rerank : [rerank];
  const own = (params ?? {}) as { readonly wrappers?: readonly unknown[] };
  if (list.some((one) => one === null || typeof one !== 'object'))
    throw new DomainError('invalid_params', '--rerank takes {"key", "params"} or a list of them');
  return { ...own, wrappers: [...(own.wrappers ?? []), ...list] };
}
