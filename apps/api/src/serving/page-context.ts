import type { Context, Json } from '#experiments';
import { SHOWN_ATTRIBUTE } from '#policies';
import type { Treatment } from './serve-treatments.js';

/** Whether a policy leaves out what stands above on the page. */
export function dedupes(params: Json): boolean {
  if (params === null || typeof params !== 'object' || Array.isArray(params)) return false;
  const worn = (params as Readonly<Record<string, Json>>)['wrappers'];
  return Array.isArray(worn) && worn.some((one) => (one as { key?: Json } | null)?.key === 'de-duplicate');
}

/**
 * The context with what the earlier requests of the call are answered with added to `shown`. It is logged with the decision,
 * so that a replay sees the same page.
 */
export function withShown(context: Context, above: readonly Treatment[]): Context {
  const ids = above.flatMap(({ action, slate }) => slate?.map(({ id }) => id) ?? (action ? [action] : []));
  if (ids.length === 0) return context;
  const given = context[SHOWN_ATTRIBUTE];
  return { ...context, [SHOWN_ATTRIBUTE]: [...(Array.isArray(given) ? (given as string[]) : []), ...ids] };
}
