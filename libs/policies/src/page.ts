import type { Rng } from '#experiments';
import type { CompiledExploration, CompiledPolicy, DecisionRequest, SlateItem } from './contract.js';
import { serveSlate } from './serve.js';
import type { ServedSlate } from './serve.js';

/** What fills a slate of a page: a policy, what it chooses from, and how it explores. Parameters as serveSlate. */
export interface PageSlate {
  readonly compiled: CompiledPolicy;
  readonly request: DecisionRequest;
  readonly length: number;
  readonly exploration: CompiledExploration;
  readonly floor: number;
}

export interface ServedRow extends SlateItem {
  readonly id: string;
  /** The row's items; indices into its own candidates. */
  readonly items: readonly SlateItem[];
  /** Probability of these items in this order, given the rows and items above. */
  readonly itemsPropensity: number;
}

export interface ServedPage {
  readonly rows: readonly ServedRow[];
  /** Probability of the order of the rows. */
  readonly rowsPropensity: number;
  /** Probability of the whole page: the order of the rows times the items of each. */
  readonly propensity: number;
}

/**
 * Serves a page on two levels: first the order of its rows, then the items of each, from the top. Every level logs the
 * probability given what stands above, so the page's probability is their product.
 * @param rows the slate of rows; its actions are row ids.
 * @param itemsOf the slate of items of a row.
 * @param unique leave out of a row what already stands in a row above; a row may then end up empty.
 */
export function servePage(
  rows: PageSlate,
  itemsOf: (rowId: string) => PageSlate,
  rng: Rng,
  { unique = true }: { readonly unique?: boolean } = {},
): ServedPage {
  const order = serve(rows, rows.request, rng.fork('rows'));
  const shown = new Set<string>();
  let propensity = order.propensity;
  const served = order.items.map((row): ServedRow => {
    const { id } = rows.request.actions[row.index] as { id: string };
    const slate = itemsOf(id);
    const { items, propensity: joint } = serveRow(slate, unique ? shown : new Set(), rng.fork(`row ${id}`));
    for (const { index } of items) shown.add(slate.request.actions[index]?.id as string);
    propensity *= joint;
    return { ...row, id, items, itemsPropensity: joint };
  });
  return { rows: served, rowsPropensity: order.propensity, propensity };
}

const serve = (slate: PageSlate, request: DecisionRequest, rng: Rng): ServedSlate =>
  serveSlate(slate.compiled, request, slate.length, slate.exploration, slate.floor, rng);

function serveRow(
  slate: PageSlate,
  shown: ReadonlySet<string>,
  rng: Rng,
): { items: readonly SlateItem[]; propensity: number } {
  const { actions } = slate.request;
  const open = actions.flatMap((action, index) => (shown.has(action.id) ? [] : [index]));
  if (open.length === 0) return { items: [], propensity: 1 };
  const request =
    open.length === actions.length
      ? slate.request
      : {
          ...slate.request,
          actions: open.map((index) => actions[index] as DecisionRequest['actions'][number]),
        };
  const { items, propensity } = serve(slate, request, rng);
  return { items: items.map((item) => ({ ...item, index: open[item.index] as number })), propensity };
}
