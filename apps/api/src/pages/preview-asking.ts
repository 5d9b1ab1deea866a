import type { Context } from '#experiments';
import type { Action, DecisionRequest, PageAnswer, PageLevel, PageQuestion, PageRow } from '#policies';
import type { Used } from '../members/member.js';
import { reasonsFor } from '../members/reasons.js';
import type { Answering } from '../serving/answering.js';
import type { ServingCatalog } from '../serving/catalog-data.js';
import { rankedOf } from '../serving/deal.js';
import { examineDecision } from '../serving/examine-decision.js';
import type { ExaminedCandidate } from '../serving/examine-decision.js';

export const LEVELS = ['rows', 'titles', 'artwork'] as const satisfies readonly PageLevel[];

export interface PreviewedArtwork {
  readonly id: string;
  readonly title: string;
  readonly features: Context;
  readonly propensity: number;
}

export interface PreviewedTitle {
  readonly id: string;
  readonly title: string;
  readonly pinned: boolean;
  readonly features: Context;
  readonly score: number | null;
  /** Probability to stand here, given everything above. */
  readonly propensity: number;
  /** Titles of the history that hold it up, by leaving each out once. */
  readonly because: readonly { readonly id: string; readonly title: string; readonly share: number }[];
  readonly artwork: PreviewedArtwork | null;
}

export interface PreviewedRow {
  readonly id: string;
  readonly title: string;
  readonly pinned: boolean;
  readonly features: Context;
  readonly score: number | null;
  readonly propensity: number;
  readonly candidates: number;
  readonly titles: readonly PreviewedTitle[];
  /** Why there are no titles; null where there are, or everything stands above. */
  readonly error: string | null;
}

interface Asked extends PageAnswer {
  readonly examined: ReadonlyMap<string, ExaminedCandidate>;
  readonly request: DecisionRequest;
  readonly error: string | null;
}

interface Moment {
  readonly unitId: string;
  readonly at: number;
  readonly seed: string;
  /** With what no policy is told: hard limits are decided by it. */
  readonly limits: Context;
}

type Levels = Partial<Record<PageLevel, { readonly answers: Answering; readonly context: Context }>>;

/** Answers the questions of a page by the policies of one side, and keeps how each answer came about. */
export class PreviewAsking {
  constructor(
    private readonly catalog: ServingCatalog,
    private readonly levels: Levels,
    private readonly moment: Moment,
  ) {}

  answer({ level, surface, subject, candidates, limit }: PageQuestion): Asked {
    const { unitId, at, seed } = this.moment;
    const offered = candidates ?? this.registered(surface, subject);
    const own = this.levels[level];
    const wanted = { unitId, context: own?.context ?? {}, subject, actions: offered, at };
    const asked = { examined: NOTHING, request: wanted, error: null };
    if (own === undefined || offered.length === 0)
      return { ...asked, ids: offered.slice(0, limit).map(({ id }) => id), propensity: 1 };
    try {
      const request = { ...wanted, actions: rankedOf(own.answers.policy, wanted, this.moment.limits) };
      if (request.actions.length === 0) return { ...asked, request, ids: [], propensity: 1 };
      const kind = level === 'artwork' ? 'action' : 'slate';
      const drawn = `${seed} ${level} ${subject ?? ''}`;
      const { examined } = examineDecision(own.answers, kind, request, limit, drawn);
      const known = new Map(examined.candidates.map((one) => [one.id, one]));
      const { chosen: ids, propensity } = examined;
      return { ...asked, request, ids, propensity, examined: known };
    } catch (error) {
      return { ...asked, ids: [], propensity: 1, error: (error as Error).message };
    }
  }

  private registered(surface: string, subject: string | null): readonly Action[] {
    const { items, surfaces } = this.catalog;
    return items.candidates(surfaces.get(surface)?.candidateKind ?? null, subject);
  }

  /** The page as it is shown: with titles, figures and reasons. */
  rowsOf(rows: readonly PageRow<Asked>[], history: readonly Used[], order: Asked): PreviewedRow[] {
    const named = new Map(history.map(({ id, title }) => [id, title]));
    return rows.map(({ id, pinned, decision, titles }) => {
      const because = this.reasonsOf(decision, named);
      return {
        ...this.nameOf(id),
        pinned,
        ...figuresOf(order, id),
        candidates: decision.request.actions.length,
        error: decision.error,
        titles: titles.map(({ id: title, artwork, pinned: isPinned }) => ({
          ...this.nameOf(title),
          pinned: isPinned,
          ...figuresOf(decision, title),
          because: because.get(title) ?? [],
          artwork: artwork === null ? null : this.artworkOf(artwork),
        })),
      };
    });
  }

  private artworkOf({ ids: [id], propensity }: Asked): PreviewedArtwork | null {
    return id === undefined ? null : { ...this.nameOf(id), propensity };
  }

  private nameOf(id: string): { id: string; title: string; features: Context } {
    const item = this.catalog.items.get(id);
    return { id, title: item?.title ?? id, features: item?.features ?? {} };
  }

  private reasonsOf(
    { ids, request }: Asked,
    named: ReadonlyMap<string, string>,
  ): Map<string, PreviewedTitle['because']> {
    const own = this.levels.titles;
    if (own === undefined || named.size === 0) return new Map();
    const shown = new Set(ids);
    const actions = request.actions.filter(({ id }) => shown.has(id));
    const reasons = reasonsFor(own.answers.bare, { ...request, actions });
    return new Map(
      actions.map(({ id }, i) => [
        id,
        (reasons[i] ?? []).map((one) => ({
          id: one.id,
          title: named.get(one.id) ?? one.id,
          share: one.share,
        })),
      ]),
    );
  }
}

const NOTHING: ReadonlyMap<string, ExaminedCandidate> = new Map();

/** A default order is certain, and has no scores. */
function figuresOf({ examined }: Asked, id: string): { score: number | null; propensity: number } {
  const one = examined.get(id);
  return { score: one?.score ?? null, propensity: one?.propensity ?? 1 };
}
