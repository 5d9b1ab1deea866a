import { marginalPropensity, orderPropensity, plackettLuceMarginals, slateRule } from '#policies';
import type { DecisionRequest, MarginalPropensity } from '#policies';
import type { Answering } from './answering.js';

/** How probable a slate was, place by place. */
export interface SlateLaw {
  readonly places: readonly {
    readonly id: string;
    /** Given what stands above. */
    readonly conditional: number;
    /** Of the slate down to here; the last one is that of the whole. */
    readonly prefix: number;
    /** To stand in this place, whatever stands elsewhere. */
    readonly marginal: number;
    /** To stand anywhere in a slate of this length. */
    readonly inSlate: number;
  }[];
  /** How marginals were found; `monte-carlo` has the standard error, the others are exact to 1e-9. */
  readonly method: MarginalPropensity['method'];
  readonly standardError: number;
}

/** Draws of the Monte Carlo: a second of work at most for a person who waits. */
const DRAWS = 500;

/**
 * Conditional, prefix and marginal probabilities of a slate under the policy that made it.
 * @param ids what was chosen, the first place first.
 * @returns null where an id is not among the candidates, or there is none.
 * @throws whatever the policy throws.
 */
export function slateLawOf(
  { policy }: Answering,
  request: DecisionRequest,
  ids: readonly string[],
): SlateLaw | null {
  const { compiled, exploration, config } = policy;
  const order = ids.map((id) => request.actions.findIndex((action) => action.id === id));
  if (order.length === 0 || order.includes(-1)) return null;
  const rule = slateRule(compiled, request, exploration, config.floor);
  const count = request.actions.length;
  const { conditional, prefix } = orderPropensity(rule, count, order);
  const marginals =
    plackettLuceOf(policy, request, order.length) ??
    marginalPropensity(rule, count, order.length, { draws: DRAWS });
  return {
    places: order.map((index, k) => ({
      id: ids[k] as string,
      conditional: conditional[k] as number,
      prefix: prefix[k] as number,
      marginal: marginals.bySlot[k]?.[index] ?? 0,
      inSlate: marginals.inSlate[index] as number,
    })),
    method: marginals.method,
    standardError: marginals.standardError,
  };
}

/** Plackett-Luce with nothing around it has marginals of its own, exact for any number of candidates. */
function plackettLuceOf(
  { compiled, config }: Answering['policy'],
  request: DecisionRequest,
  slots: number,
): MarginalPropensity | null {
  const { temperature = 0.1 } = config.exploration.params as { temperature?: number };
  const plain = compiled.decides === 'slate' && !compiled.around && !compiled.eligible?.(request).includes(0);
  if (!plain || config.exploration.key !== 'plackett-luce' || config.floor > 0) return null;
  const scores = compiled.scores(request);
  const spread = Math.max(...scores) - Math.min(...scores);
  return spread <= 600 * temperature ? plackettLuceMarginals(scores, temperature, slots) : null;
}
