import { setTimeout as sleep } from 'node:timers/promises';
import { createRng } from '#experiments';
import type { Rng } from '#experiments';
import { newUlid } from '../../apps/api/src/http/ulid.js';
import type { FactStore } from '../../apps/api/src/persistence/fact-store.js';
import { encodeDecision } from '../../apps/api/src/queues/decision-lines.js';
import { encodeEvents } from '../../apps/api/src/queues/event-lines.js';
import type { ClientEvent, DecisionRecord } from '../../apps/api/src/queues/jobs.js';

const ACTIONS = ['one', 'two', 'three', 'four', 'five'];
const BATCH = 1000;
/** Share of decisions with a play, and of those plays that come after the window of one second was settled. */
const PLAYED = 0.3;
const LATE = 0.1;
const LATE_AFTER_MS = 2500;

/**
 * Stores decisions and their plays, paced over a time; some plays arrive long after their window.
 * @returns the ids of the decisions with a play: what their rewards must come to.
 */
export async function streamRewards(
  facts: FactStore,
  policyId: string,
  count: number,
  seconds: number,
): Promise<{ readonly played: ReadonlySet<string>; readonly late: number }> {
  const rng = createRng('crash-learning');
  const played = new Set<string>();
  const waiting: { readonly from: number; readonly events: ClientEvent[] }[] = [];
  const sendLate = async (before: number): Promise<void> => {
    while (waiting.length > 0 && (waiting[0]?.from ?? 0) <= before)
      await facts.insertEvents(encodeEvents(waiting.shift()?.events ?? []));
  };
  const began = Date.now();
  let late = 0;
  for (let done = 0; done < count; done += BATCH) {
    await sleep(Math.max(0, began + (done / count) * seconds * 1000 - Date.now()));
    const at = Date.now();
    const decisions = Array.from({ length: Math.min(BATCH, count - done) }, () => decide(rng, policyId, at));
    await facts.insertDecisions(decisions.map(encodeDecision));
    const events = decisions.filter(() => rng.uniform() < PLAYED).map(playOf);
    for (const { decisionId } of events) played.add(String(decisionId));
    const isLate = events.map(() => rng.uniform() < LATE);
    await facts.insertEvents(encodeEvents(events.filter((_, i) => !isLate[i])));
    const stragglers = events.filter((_, i) => isLate[i]);
    late += stragglers.length;
    waiting.push({ from: at + LATE_AFTER_MS, events: stragglers });
    await sendLate(Date.now());
  }
  await sleep(LATE_AFTER_MS);
  await sendLate(Infinity);
  return { played, late };
}

function decide(rng: Rng, policyId: string, at: number): DecisionRecord {
  const action = ACTIONS[rng.below(ACTIONS.length)] as string;
  return {
    id: newUlid(at),
    at,
    unitId: `member-${rng.below(5000)}`,
    unitType: 'member',
    surface: 'crash.artwork',
    subject: null,
    experiment: null,
    arm: null,
    phase: null,
    kind: 'action',
    chosen: action,
    propensity: 0.2,
    armPropensity: 1,
    policyId,
    policyVersion: 1,
    candidates: ACTIONS,
    probabilities: ACTIONS.map(() => 0.2),
    context: { device: rng.uniform() < 0.5 ? 'tv' : 'phone', hour: rng.below(24), taste: rng.normal() },
    seed: 'crash',
    reason: 'SPLIT',
    fallback: null,
    holdout: null,
    exposed: true,
    latencyMicros: 1,
    rewardWindowSeconds: 1,
  };
}

const playOf = (decision: DecisionRecord): ClientEvent => ({
  id: newUlid(decision.at),
  kind: 'outcome',
  unitId: decision.unitId,
  at: decision.at + 100,
  receivedAt: decision.at + 100,
  decisionId: decision.id,
  name: 'play',
  value: null,
  actionId: null,
  itemId: null,
  position: null,
  properties: null,
});
