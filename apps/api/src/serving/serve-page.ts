import { composePage } from '#policies';
import type { ComposedPage, PageAnswer } from '#policies';
import type { DecisionRecord } from '../queues/jobs.js';
import type { PageConfig, ServingCatalog } from './catalog-data.js';
import { ServingCall } from './serve-treatments.js';
import type { ServingHooks, ServingState, Treatment, TreatmentsRequest } from './serve-treatments.js';

export interface ServedTitle {
  readonly id: string;
  readonly title: string;
  /** Put there by people: it is no part of the decision about the row. */
  readonly pinned: boolean;
  /** Null beyond the places that get one. */
  readonly artwork: Treatment | null;
}

export interface ServedRow {
  readonly id: string;
  readonly title: string;
  /** Put there by people: it is no part of the decision about the order. */
  readonly pinned: boolean;
  /** The decision about its titles. */
  readonly treatment: Treatment;
  /** None where everything that it had stands above: do not show the row. */
  readonly titles: readonly ServedTitle[];
}

/** One answer, exactly as `POST /v1/pages/:key/serve` gives it. */
export interface ServedPage {
  readonly page: string;
  /** The decision about the order of the rows: all others were made within it. */
  readonly order: Treatment;
  readonly rows: readonly ServedRow[];
  /** Probability of the whole page, given arms, context and snapshots. */
  readonly propensity: number;
}

interface Decided extends PageAnswer {
  readonly treatment: Treatment;
  /** Place among the decisions of the call. */
  readonly at: number;
}

const idsOf = ({ slate, action }: Treatment): string[] =>
  slate?.map(({ id }) => id) ?? (typeof action === 'string' ? [action] : []);

/**
 * Answers with a whole page: rows in order, titles in each, artwork of titles. Every decision is an ordinary one, with its
 * experiment, arm and propensity, made within the one above it.
 * @param now Unix milliseconds.
 */
export function servePage(
  state: ServingState,
  { key, layout }: PageConfig,
  request: Omit<TreatmentsRequest, 'requests'>,
  now: number,
  hooks?: ServingHooks,
): {
  readonly page: ServedPage;
  readonly treatments: readonly Treatment[];
  readonly records: readonly DecisionRecord[];
} {
  const { catalog } = state;
  const slates: Treatment[] = [];
  const call = new ServingCall(state, request, now, hooks, { above: () => (layout.unique ? NONE : slates) });
  const composed = composePage<Decided>(
    layout,
    candidatesAt(catalog, layout.rows.surface),
    candidatesAt(catalog, layout.titles.surface),
    { unitId: request.unitId, context: call.context, limits: request.context, at: now },
    ({ level, surface, subject, candidates, limit }, parent) => {
      const at = call.records.length;
      const wanted = { surface, subject, actions: null, limit, parent: parent?.at ?? null };
      const treatment = call.answer(wanted, candidates);
      if (level === 'titles') slates.push(treatment);
      return { treatment, at, ids: idsOf(treatment), propensity: treatment.propensity };
    },
    call.known,
  );
  return { page: pageOf(catalog, key, composed), treatments: call.treatments, records: call.records };
}

const NONE: readonly Treatment[] = [];

const candidatesAt = ({ surfaces, items }: ServingCatalog, surface: string) =>
  items.candidates(surfaces.get(surface)?.candidateKind ?? null, null);

function pageOf(catalog: ServingCatalog, key: string, composed: ComposedPage<Decided>): ServedPage {
  const titleOf = (id: string): string => catalog.items.get(id)?.title ?? id;
  return {
    page: key,
    order: composed.order.treatment,
    rows: composed.rows.map((row) => ({
      id: row.id,
      title: titleOf(row.id),
      pinned: row.pinned,
      treatment: row.decision.treatment,
      titles: row.titles.map(({ id, pinned, artwork }) => ({
        id,
        title: titleOf(id),
        pinned,
        artwork: artwork?.treatment ?? null,
      })),
    })),
    propensity: composed.propensity,
  };
}
