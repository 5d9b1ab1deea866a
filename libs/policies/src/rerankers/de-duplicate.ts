import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from '../wrappers/contract.js';
import { valuesOf } from './similarity.js';

/** Context attribute with the ids of what stands above on the page; serving fills it within one request. */
export const SHOWN_ATTRIBUTE = 'shown';

/**
 * Leaves out what already stands in a row above. Whoever serves a page says so in the context: rows of one request for
 * treatments by themselves, a client that asks row by row by listing what it shows.
 */
export const deDuplicate: Wrapper<Record<string, never>> = {
  key: 'de-duplicate',
  title: 'No title twice on a page',
  summary: 'Leaves out titles that stand in a row above, those of the same request by itself.',
  reference: 'Alvino and Basilico (2015), Learning a personalized homepage',
  params: defineParams(z.object({})),
  limitAttributes: () => [SHOWN_ATTRIBUTE],
  eligible: ({ actions, context }) => {
    const shown = new Set(valuesOf(context, SHOWN_ATTRIBUTE));
    return Uint8Array.from(actions, ({ id }) => Number(!shown.has(id)));
  },
};
