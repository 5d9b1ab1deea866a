import { z } from 'zod';
import { Problem } from '../http/problem.js';
import { canonicalJson, sha256 } from '../persistence/canonical.js';
import type { ReplayCandidate } from './replay.schemas.js';
import { totalsSchema } from './replay-totals.js';

const cursorSchema = z.strictObject({
  /** Of the policy and the candidate: pages of different replays do not mix. */
  of: z.string().max(64),
  from: z.int(),
  to: z.int(),
  /** Null: of each decision the version that served it. */
  version: z.int().min(0).nullable(),
  afterAt: z.int(),
  afterId: z.string().max(64),
  sums: totalsSchema,
});
export type ReplayCursor = z.output<typeof cursorSchema>;

export const replayKey = (policyId: string, candidate: ReplayCandidate): string =>
  sha256(canonicalJson(JSON.parse(JSON.stringify({ policyId, candidate })))).slice(0, 16);

export const writeCursor = (cursor: ReplayCursor): string =>
  Buffer.from(JSON.stringify(cursor)).toString('base64url');

/** @throws Problem 400 unless it is a cursor of this replay. */
export function readCursor(text: string, of: string): ReplayCursor {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    json = null;
  }
  const cursor = cursorSchema.safeParse(json);
  if (!cursor.success)
    throw Problem.invalid('/cursor', 'invalid_cursor', 'must be the nextCursor of the page before');
  if (cursor.data.of !== of)
    throw Problem.invalid('/cursor', 'other_replay', 'belongs to a replay of another policy or candidate');
  return cursor.data;
}
