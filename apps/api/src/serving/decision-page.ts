import type { Json } from '#experiments';
import { Problem } from '../http/problem.js';
import { LEAST_PROPENSITY } from './choice.js';
import { stackOfDecision } from './decision-stack.js';
import type { StackEntry } from './decision-stack.js';
import { slateOf } from './decision-view.js';
import type { DecisionRow, DecisionsStore } from './decisions.store.js';

/** One decision of a page. */
export interface PageEntry extends StackEntry {
  readonly parentId: string | null;
  readonly subject: string | null;
  readonly experiment: string | null;
  readonly arm: string | null;
  readonly policyId: string | null;
  readonly chosen: Json;
}

export interface DecisionPage {
  /** The decision on top, e.g. about the order of the rows. */
  readonly top: string;
  /** As the page is read: a decision comes after the one that it was made within. */
  readonly decisions: readonly PageEntry[];
  /** Probability of everything on the page: the product of all propensities, each given what stands above. */
  readonly propensity: number;
}

/**
 * Everything that was decided in one request within the same decision on top: a page with its rows, titles and artwork.
 * @throws Problem 404 for a decision that is not known.
 */
export async function pageOfDecision(
  decisions: Pick<DecisionsStore, 'find' | 'madeTogether'>,
  id: string,
): Promise<DecisionPage> {
  const row = await decisions.find(id);
  if (!row) throw Problem.notFound('Decision', id);
  const top = (await stackOfDecision(decisions, row)).stack[0]?.id ?? id;
  const together = await decisions.madeTogether(row);
  const kept = fromTheTop(top, together);
  const propensity = kept.reduce((product, one) => product * one.propensity, 1);
  return { top, decisions: kept.map(entryOf), propensity: Math.max(propensity, LEAST_PROPENSITY) };
}

/** The tree below a decision, as a page is read: each with what it is about right after it. */
function fromTheTop(top: string, together: readonly DecisionRow[]): DecisionRow[] {
  const below = new Map<string, DecisionRow[]>();
  for (const one of together) {
    if (one.parent_id === null) continue;
    const list = below.get(one.parent_id);
    if (list) list.push(one);
    else below.set(one.parent_id, [one]);
  }
  const read: DecisionRow[] = [];
  const seen = new Set<string>();
  const visit = (row: DecisionRow): void => {
    if (seen.has(row.id)) return;
    seen.add(row.id);
    read.push(row);
    const place = placesOf(row.chosen);
    const at = ({ subject }: DecisionRow): number => place.get(subject ?? '') ?? place.size;
    for (const child of [...(below.get(row.id) ?? [])].sort((a, b) => at(a) - at(b))) visit(child);
  };
  const first = together.find(({ id }) => id === top);
  if (first) visit(first);
  return read;
}

const placesOf = (chosen: Json): ReadonlyMap<string, number> =>
  new Map(Array.isArray(chosen) ? slateOf(chosen).map(({ id }, place) => [id, place]) : []);

const entryOf = (row: DecisionRow): PageEntry => ({
  id: row.id,
  parentId: row.parent_id,
  surface: row.surface,
  subject: row.subject,
  experiment: row.experiment,
  arm: row.arm,
  policyId: row.policy_id,
  chosen: row.chosen,
  propensity: row.propensity,
});
