import type { Context } from '#experiments';
import type { DecisionRequest } from '#policies';
import { answering } from './answering.js';
import type { PolicyConfig } from './catalog-data.js';
import { slateOf } from './decision-view.js';
import type { DecisionRow } from './decisions.store.js';
import { examineDecision } from './examine-decision.js';
import type { ExaminedDecision } from './examine-decision.js';
import { KEEP_ALL_FEATURES } from './decision-record.js';
import type { Snapshot } from './serving-policy.js';

export interface Replay {
  /** The same inputs gave the same answer with the same propensity. */
  readonly identical: boolean;
  readonly detail: string;
}

export interface Replayed {
  readonly replay: Replay;
  /** The decision made again and taken apart; null where that cannot be done. */
  readonly examined: ExaminedDecision | null;
}

export interface ReplayInputs {
  /** The policy as it is configured now; null when it is gone. */
  readonly config: PolicyConfig | null;
  /** The version that served; null when it is not kept (or is 0: nothing was learned then). */
  readonly snapshot: Snapshot | null;
  /** Features of the item table now. */
  readonly items: ReadonlyMap<string, { readonly features: Context; readonly title?: string }>;
}

/** What a request can be made of again. */
export type RequestFields = Pick<
  DecisionRow,
  'unit_id' | 'context' | 'subject' | 'at' | 'candidates' | 'features'
>;

const TOLERANCE = 1e-12;
const no = (detail: string): Replayed => ({ replay: { identical: false, detail }, examined: null });

/**
 * Draws a decision again: the snapshot that served, the candidates and context as logged, the logged seed.
 * @param row a decision that a policy made.
 */
export function replayDecision(row: DecisionRow, inputs: ReplayInputs): Replayed {
  const { config, snapshot } = inputs;
  if (config === null) return no('The policy does not exist any more.');
  const version = row.policy_version ?? 0;
  if (version > 0 && snapshot === null) return no(`Version ${version} of the policy is no longer kept.`);
  const gap = missingFeatures(row);
  if (gap !== null) return no(gap);
  if (row.candidates.length === 0) return no('The policy found nothing worth ranking: nothing was drawn.');
  try {
    const answers = answering(config, snapshot, { slice: row.slice });
    const kind = row.kind === 'slate' ? 'slate' : 'action';
    const again = examineDecision(answers, kind, requestOf(row, inputs.items), lengthOf(row), row.seed);
    const same = isSameChoice(again.chosen, row.chosen);
    const close = Math.abs(again.propensity - row.propensity) <= TOLERANCE * Math.max(1, row.propensity);
    return { replay: verdict(same, close, version, again.propensity), examined: again.examined };
  } catch (error) {
    return no(`The policy cannot answer this any more: ${(error as Error).message}`);
  }
}

/** Why the request is not kept in full; null when it is. */
export function missingFeatures(row: Pick<DecisionRow, 'features' | 'candidates'>): string | null {
  if (row.features === null || row.candidates.length <= KEEP_ALL_FEATURES) return null;
  return `The request gave features of ${row.candidates.length} candidates; only those of the served ones are kept.`;
}

/** How many actions were served. */
export const lengthOf = (row: Pick<DecisionRow, 'kind' | 'chosen'>): number =>
  row.kind === 'slate' ? slateOf(row.chosen).length : 1;

export const isSameChoice = (a: DecisionRow['chosen'], b: DecisionRow['chosen']): boolean =>
  JSON.stringify(idsOf(a)) === JSON.stringify(idsOf(b));

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

/** What the policy was asked; features that the request did not give are those of the item table now. */
export function requestOf(row: RequestFields, items: ReplayInputs['items']): DecisionRequest {
  return {
    unitId: row.unit_id,
    context: row.context,
    subject: row.subject,
    at: row.at.getTime(),
    actions: row.candidates.map((id) => {
      const { title, features } = items.get(id) ?? {};
      return {
        id,
        features: row.features?.[id] ?? features ?? {},
        ...(title === undefined ? {} : { title }),
      };
    }),
  };
}
