import type { Context } from '#experiments';
import type { CompiledPolicy, DecisionRequest } from '#policies';
import type { PolicyConfig } from './catalog-data.js';
import { draw, uniformOf } from './choice.js';
import { slateOf } from './decision-view.js';
import type { DecisionRow } from './decisions.store.js';
import { KEEP_ALL_FEATURES } from './decision-record.js';
import { compileServingPolicy } from './serving-policy.js';
import type { Snapshot } from './serving-policy.js';

export interface Replay {
  /** The same inputs gave the same answer with the same propensity. */
  readonly identical: boolean;
  readonly detail: string;
}

export interface Replayed {
  readonly replay: Replay;
  /** Score of each candidate under the snapshot of that time; null where there are none. */
  readonly scores: readonly number[] | null;
}

export interface ReplayInputs {
  /** The policy as it is configured now; null when it is gone. */
  readonly config: PolicyConfig | null;
  /** The version that served; null when it is not kept (or is 0: nothing was learned then). */
  readonly snapshot: Snapshot | null;
  /** Features of the item table now. */
  readonly items: ReadonlyMap<string, { readonly features: Context }>;
}

const TOLERANCE = 1e-12;
const no = (detail: string): Replayed => ({ replay: { identical: false, detail }, scores: null });

/**
 * Draws a decision again: the snapshot that served, the candidates and context as logged, the logged seed.
 * @param row a decision that a policy made.
 */
export function replayDecision(row: DecisionRow, inputs: ReplayInputs): Replayed {
  const { config, snapshot } = inputs;
  if (config === null) return no('The policy does not exist any more.');
  const version = row.policy_version ?? 0;
  if (version > 0 && snapshot === null) return no(`Version ${version} of the policy is no longer kept.`);
  if (row.features !== null && row.candidates.length > KEEP_ALL_FEATURES) {
    return no(
      `The request gave features of ${row.candidates.length} candidates; only those of the served ones are kept.`,
    );
  }
  try {
    const policy = compileServingPolicy(config, snapshot);
    const compiled = row.slice === 'exploration' ? uniformOf(policy.compiled) : policy.compiled;
    if (compiled === null) return no('The policy has no usable snapshot.');
    const request = requestOf(row, inputs.items);
    const limit = row.kind === 'slate' ? slateOf(row.chosen).length : 1;
    const again = draw(
      { ...policy, compiled },
      row.kind === 'slate' ? 'slate' : 'action',
      request,
      limit,
      row.seed,
    );
    const same = JSON.stringify(idsOf(again.chosen)) === JSON.stringify(idsOf(row.chosen));
    const close = Math.abs(again.propensity - row.propensity) <= TOLERANCE * Math.max(1, row.propensity);
    return {
      replay: verdict(same, close, version, again.propensity),
      scores: scoresOf(compiled, request),
    };
  } catch (error) {
    return no(`The policy cannot answer this any more: ${(error as Error).message}`);
  }
}

function verdict(same: boolean, close: boolean, version: number, propensity: number): Replay {
  const state = version === 0 ? 'the state before anything was learned' : `version ${version}`;
  if (same && close)
    return {
      identical: true,
      detail: `Drawn again from ${state} with the same seed: the same choice with the same probability.`,
    };
  const what = same ? `the same choice with probability ${propensity}` : 'another choice';
  return {
    identical: false,
    detail: `Drawn again from ${state} with the same seed: ${what}. The policy's settings or the candidates' registered features have changed since.`,
  };
}

const idsOf = (chosen: DecisionRow['chosen']): unknown =>
  Array.isArray(chosen) ? slateOf(chosen).map(({ id }) => id) : chosen;

function requestOf(row: DecisionRow, items: ReplayInputs['items']): DecisionRequest {
  return {
    unitId: row.unit_id,
    context: row.context,
    subject: row.subject,
    at: row.at.getTime(),
    actions: row.candidates.map((id) => ({
      id,
      features: row.features?.[id] ?? items.get(id)?.features ?? {},
    })),
  };
}

function scoresOf(compiled: CompiledPolicy, request: DecisionRequest): number[] | null {
  const scores = compiled.scores?.(request);
  return scores ? Array.from(scores, (score) => (Number.isFinite(score) ? score : 0)) : null;
}
