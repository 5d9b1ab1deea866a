import type { DecisionRequest } from '../contract.js';

/** Ids of the items the member watched lately (`context.history`), newest last; empty where there are none. */
export function historyOf(request: DecisionRequest): readonly string[] {
  const history = request.context['history'];
  return Array.isArray(history) ? history : [];
}

/** Row numbers of the known items among the newest `limit` of the history, newest last. Repeats stay. */
export function knownHistory(
  request: DecisionRequest,
  position: ReadonlyMap<string, number>,
  limit: number,
): number[] {
  const known: number[] = [];
  for (const id of historyOf(request).slice(-limit)) {
    const index = position.get(id);
    if (index !== undefined) known.push(index);
  }
  return known;
}
