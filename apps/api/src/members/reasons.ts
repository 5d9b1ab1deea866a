import type { Context } from '#experiments';
import type { CompiledPolicy, DecisionRequest } from '#policies';
import { ALONGSIDE } from './member.js';

/** An item of the history that holds a title up: without it the title's score falls by `drop`. */
export interface Because {
  readonly id: string;
  readonly drop: number;
  /** Of the sum of all such falls of this title. */
  readonly share: number;
}

/**
 * A context whose history, and every list that goes with it, lacks the entries of one item. A list of another length goes with
 * nothing, and must not come to fit the shorter history.
 */
function withoutEntries(context: Context, history: readonly string[], id: string): Context {
  const lists = ['history', ...ALONGSIDE].flatMap((name) => {
    const list = context[name];
    if (!Array.isArray(list)) return [];
    const fits = list.length === history.length;
    return [[name, fits ? list.filter((_, i) => history[i] !== id) : []] as const];
  });
  return { ...context, ...Object.fromEntries(lists) };
}

/** Items of the history that are left out one by one; each costs one answer of the policy. */
const MOST_ABLATIONS = 50;
const MOST_REASONS = 3;

/**
 * Why titles stand where they stand, from the model that served: every item of the history is left out once, and what
 * lowers a title's score most is its reason. True by construction, for any model, at the price of one answer per item.
 * @param request with `context.history`, and the titles to explain as its actions.
 * @returns per action the strongest reasons; none for policies without scores, and where nothing lowers the score.
 */
export function reasonsFor(
  compiled: CompiledPolicy,
  request: DecisionRequest,
): readonly (readonly Because[])[] {
  const history = request.context['history'];
  const base = compiled.scores?.(request).slice();
  if (!base || !Array.isArray(history)) return request.actions.map(() => []);
  const drops = [...new Set([...history].reverse())].slice(0, MOST_ABLATIONS).map((id) => {
    const scores = compiled.scores?.({ ...request, context: withoutEntries(request.context, history, id) });
    return { id, by: request.actions.map((_, i) => (base[i] as number) - (scores?.[i] as number)) };
  });
  return request.actions.map((_, i) => {
    const falls = drops
      .map(({ id, by }) => ({ id, drop: by[i] as number }))
      .filter(({ drop }) => Number.isFinite(drop) && drop > 0);
    const total = falls.reduce((sum, { drop }) => sum + drop, 0);
    return falls
      .sort((a, b) => b.drop - a.drop || (a.id < b.id ? -1 : 1))
      .slice(0, MOST_REASONS)
      .map(({ id, drop }) => ({ id, drop, share: drop / total }));
  });
}
