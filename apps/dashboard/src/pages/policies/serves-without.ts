import type { Policy } from '../../api/types.js';

/** What serves before the first snapshot: only a policy that learns in training runs has nothing until then. */
export const SERVES_WITHOUT: Readonly<Record<Policy['learns'], string>> = {
  never: 'needs no snapshot',
  online: 'has learned nothing yet and explores',
  batch: 'the surface’s default order until the first snapshot',
};
