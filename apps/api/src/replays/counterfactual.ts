import type { Context, Json } from '#experiments';
import type { Action, DecisionRequest } from '#policies';
import { Problem } from '../http/problem.js';
import type { Sql } from '../persistence/database.js';
import type { Answering } from '../serving/answering.js';
import { DecisionsStore } from '../serving/decisions.store.js';
import type { DecisionRow } from '../serving/decisions.store.js';
import { examineDecision } from '../serving/examine-decision.js';
import type { ExaminedCandidate, ExaminedDecision, Repeated } from '../serving/examine-decision.js';
import { isSameChoice, lengthOf, missingFeatures, requestOf } from '../serving/replay-decision.js';
import { PolicySource } from './policy-source.js';
import type { Counterfactual } from './replay.schemas.js';

export interface FeatureChange {
  /** Id of the action whose feature changes; null: an attribute of the context. */
  readonly action: string | null;
  /** Null: the action itself is taken away. */
  readonly name: string | null;
  /** Null where it was not there, or is no more. */
  readonly from: Json;
  readonly to: Json;
}

type Titled = ExaminedCandidate & { readonly title: string };
export type TitledDecision = Omit<ExaminedDecision, 'candidates'> & {
  readonly candidates: readonly Titled[];
};

export interface CounterfactualAnswer {
  readonly decisionId: string;
  readonly kind: 'action' | 'slate';
  /** Of both draws. */
  readonly seed: string;
  /** What changes, and only that: an edit to the value that is there already changes nothing. */
  readonly changes: readonly FeatureChange[];
  /** The decision as it was made; null where no policy made it, or it cannot be made again. */
  readonly before: TitledDecision | null;
  readonly beforeNote: string | null;
  /** `before` is what was served, with the same probability. */
  readonly asServed: boolean;
  readonly after: TitledDecision;
  readonly sameChoice: boolean;
  /** Half the sum of the absolute differences of all probabilities: 0 equal, 1 nothing in common. */
  readonly totalVariation: number | null;
}

const TOLERANCE = 1e-12;

/** Answers "what if": one decision again, with something about its request or its policy changed. Writes nothing. */
export class CounterfactualQuestions {
  private readonly decisions: DecisionsStore;
  private readonly policies: PolicySource;

  constructor(db: Sql) {
    this.decisions = new DecisionsStore(db);
    this.policies = new PolicySource(db);
  }

  /** @throws Problem 404; 422 `not_replayable` where there is nothing to choose from or no policy that can answer. */
  async ask(id: string, edit: Counterfactual): Promise<CounterfactualAnswer> {
    const row = await this.decisions.find(id);
    if (!row) throw Problem.notFound('Decision', id);
    const kind = choiceOf(row);
    const items = await this.decisions.items(row.candidates);
    const request = requestOf(row, items);
    const edited = editedRequest(request, edit);
    const seed = row.seed === '' ? row.id : row.seed;
    const repeat = (answers: Answering, asked: DecisionRequest): Repeated & { decision: TitledDecision } => {
      try {
        const again = examineDecision(answers, kind, asked, lengthOf(row), seed);
        return { ...again, decision: titled(again.examined, items) };
      } catch (error) {
        throw notReplayable((error as Error).message);
      }
    };
    const after = repeat(await this.afterOf(row, edit), edited).decision;
    const made = await this.made(row, (answers) => repeat(answers, request));
    const shared = { decisionId: row.id, kind, seed, changes: changesOf(request, edit), after };
    if ('note' in made) {
      const none = { asServed: false, sameChoice: false, totalVariation: null };
      return { ...shared, before: null, beforeNote: made.note, ...none };
    }
    const before = made.decision;
    return {
      ...shared,
      before,
      beforeNote: null,
      asServed:
        isSameChoice(made.chosen, row.chosen) && Math.abs(made.propensity - row.propensity) <= TOLERANCE,
      sameChoice: JSON.stringify(before.chosen) === JSON.stringify(after.chosen),
      totalVariation: totalVariation(before, after),
    };
  }

  private async afterOf(row: DecisionRow, edit: Counterfactual): Promise<Answering> {
    const id = edit.policyId ?? row.policy_id;
    if (id === null) throw notReplayable('no policy was asked; name one to ask (policyId)');
    const stored = await this.policies.find(id);
    if (!stored && edit.policyId !== undefined)
      throw Problem.invalid('/policyId', 'unknown_policy', `there is no policy "${id}"`);
    if (!stored) throw notReplayable(`the policy "${id}" does not exist any more`);
    const logged = id === row.policy_id ? row.policy_version : null;
    // Whoever names a version or another policy asks that, not the slice that the decision fell into.
    const slice = logged === null || edit.version !== undefined ? null : row.slice;
    return this.policies.at(stored, edit.version ?? logged ?? stored.servingVersion ?? 0, { slice });
  }

  private async made<T>(
    row: DecisionRow,
    repeat: (answers: Answering) => T,
  ): Promise<T | { readonly note: string }> {
    if (row.policy_id === null || row.policy_version === null || row.fallback !== null)
      return { note: 'No policy made this decision; there are no probabilities to compare with.' };
    const stored = await this.policies.find(row.policy_id);
    if (!stored) return { note: 'The policy that decided does not exist any more.' };
    try {
      return repeat(await this.policies.at(stored, row.policy_version, { slice: row.slice }));
    } catch (error) {
      if (error instanceof Problem) return { note: error.detail };
      throw error;
    }
  }
}

/** @throws Problem 422 where there was nothing to choose from, or the request is not kept in full. */
function choiceOf(row: DecisionRow): 'action' | 'slate' {
  if (row.kind === 'value' || row.candidates.length === 0)
    throw notReplayable('there was nothing to choose from');
  const gap = missingFeatures(row);
  if (gap !== null) throw notReplayable(gap);
  return row.kind;
}

const titled = (
  found: ExaminedDecision,
  items: ReadonlyMap<string, { readonly title: string }>,
): TitledDecision => ({
  ...found,
  candidates: found.candidates.map((one) => ({ ...one, title: items.get(one.id)?.title ?? one.id })),
});

const notReplayable = (why: string): Problem =>
  new Problem(422, 'not_replayable', `This decision cannot be made again: ${why}`);

/** @throws Problem 400 when it names an action that was no candidate, or takes all away. */
function editedRequest(request: DecisionRequest, edit: Counterfactual): DecisionRequest {
  const known = new Set(request.actions.map(({ id }) => id));
  for (const id of Object.keys(edit.actions)) {
    if (!known.has(id)) {
      const allowed = request.actions.slice(0, 10).map((action) => action.id);
      const more = request.actions.length > 10 ? ', ...' : '';
      throw Problem.invalid(
        `/actions/${id.slice(0, 64)}`,
        'unknown_candidate',
        `was no candidate; allowed are ${allowed.join(', ')}${more}`,
      );
    }
  }
  const actions = request.actions.flatMap((action): Action[] => {
    const change = Object.hasOwn(edit.actions, action.id) ? edit.actions[action.id] : undefined;
    if (change === null) return [];
    return [change ? { id: action.id, features: laidOver(action.features, change) } : action];
  });
  if (actions.length === 0)
    throw Problem.invalid('/actions', 'no_candidates', 'must leave at least one candidate');
  return { ...request, context: laidOver(request.context, edit.context), actions };
}

function laidOver(features: Context, change: Readonly<Record<string, Json>>): Context {
  const all = Object.entries({ ...features, ...change });
  return Object.fromEntries(all.filter(([name]) => change[name] !== null)) as Context;
}

function changesOf(request: DecisionRequest, edit: Counterfactual): FeatureChange[] {
  const between = (
    action: string | null,
    features: Context,
    change: Readonly<Record<string, Json>>,
  ): FeatureChange[] =>
    Object.entries(change).flatMap(([name, to]) => {
      const from = Object.hasOwn(features, name) ? (features[name] as Json) : null;
      return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ action, name, from, to }];
    });
  return [
    ...between(null, request.context, edit.context),
    ...request.actions.flatMap(({ id, features }) => {
      const change = Object.hasOwn(edit.actions, id) ? edit.actions[id] : undefined;
      if (change === undefined) return [];
      return change === null
        ? [{ action: id, name: null, from: null, to: null }]
        : between(id, features, change);
    }),
  ];
}

function totalVariation(before: TitledDecision, after: TitledDecision): number {
  const then = new Map(after.candidates.map(({ id, probability }) => [id, probability]));
  const sum = before.candidates.reduce(
    (total, { id, probability }) => total + Math.abs(probability - (then.get(id) ?? 0)),
    0,
  );
  return Math.min(1, sum / 2);
}
