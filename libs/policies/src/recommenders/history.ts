import type { Context } from '#experiments';

/** Ids of the items the member watched lately (`history` of the context), newest last; empty where there are none. */
export function historyOf(context: Context): readonly string[] {
  const history = context['history'];
  return Array.isArray(history) ? history : [];
}

/** Row numbers of the known items among the newest `limit` of the history, newest last. Repeats stay. */
export function knownHistory(
  context: Context,
  position: ReadonlyMap<string, number>,
  limit: number,
): number[] {
  const known: number[] = [];
  for (const id of historyOf(context).slice(-limit)) {
    const index = position.get(id);
    if (index !== undefined) known.push(index);
  }
  return known;
}
