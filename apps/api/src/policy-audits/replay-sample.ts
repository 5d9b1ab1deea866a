import type { Sql } from '../persistence/database.js';
import { replayDecision } from '../serving/replay-decision.js';
import type { PolicyRow } from '../policies/policy-row.js';
import { sampledDecisions } from './audited-sample.js';

/** Decisions that one audit draws again. */
const SAMPLE = 40;

/** Draws a sample of decisions again, each from the version, request and seed of that time, where all are still known. */
export async function replaySample(
  db: Sql,
  policy: PolicyRow,
  from: Date,
  to: Date,
): Promise<{ sampled: number; different: number }> {
  let sampled = 0;
  let different = 0;
  const sampling = { from, to, kinds: ['action', 'slate'], most: SAMPLE } as const;
  for await (const { row, inputs } of sampledDecisions(db, policy, sampling)) {
    sampled += 1;
    if (!replayDecision(row, inputs).replay.identical) different += 1;
  }
  return { sampled, different };
}
