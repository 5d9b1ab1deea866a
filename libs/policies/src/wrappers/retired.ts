import { defineParams } from '#experiments';
import { z } from 'zod';
import type { Wrapper } from './contract.js';

const params = defineParams(
  z.object({
    actions: z
      .array(z.string().min(1).max(200))
      .max(10_000)
      .default([])
      .describe('Ids of actions that are no longer served.'),
  }),
);

const setOf = new WeakMap<readonly string[], ReadonlySet<string>>();

function retiredSet(actions: readonly string[]): ReadonlySet<string> {
  let set = setOf.get(actions);
  if (!set) setOf.set(actions, (set = new Set(actions)));
  return set;
}

/** Retired actions are never served; what was learned about them stays, so that they can come back. */
export const retired: Wrapper<{ actions: string[] }> = {
  key: 'retired',
  title: 'Retired actions',
  summary: 'Stops serving the actions named, and keeps what was learned about them.',
  reference: 'Chakrabarti, Kumar, Radlinski, Upfal (2008), Mortal multi-armed bandits',
  params,
  eligible: (request, { actions }) => {
    const gone = retiredSet(actions);
    return Uint8Array.from(request.actions, ({ id }) => Number(!gone.has(id)));
  },
};
