import type { DecisionRequest, Ranker } from '../contract.js';
import type { Ranking, Wrapper } from './contract.js';

function rankingOf(ranker: Ranker, request: DecisionRequest, scores: Float64Array): Ranking {
  return {
    request,
    scores,
    open: ranker.eligible?.(request) ?? new Uint8Array(request.actions.length).fill(1),
    vectors: () => ranker.vectors?.(request) ?? null,
  };
}

/**
 * A ranker with a re-ranker around it. What changes slots goes around what changes them inside, so the outermost has the
 * last word; all of them see the scores that the exploration was given.
 */
export function reranked(ranker: Ranker, wrapper: Wrapper, params: unknown): Ranker {
  const rerank = wrapper.rerank?.bind(wrapper);
  const slots = wrapper.slots?.bind(wrapper);
  return {
    ...ranker,
    ...(rerank && {
      scores: (request: DecisionRequest) =>
        rerank(rankingOf(ranker, request, ranker.scores(request)), params),
    }),
    ...(slots && {
      around: (request, scores, rule) =>
        slots(ranker.around?.(request, scores, rule) ?? rule, rankingOf(ranker, request, scores), params),
    }),
  } satisfies Ranker;
}
