import type { Action, Ranker } from '../contract.js';
import type { Wrapper } from './contract.js';

/** Of lists that do not change, the place of each action. */
const known = new WeakMap<readonly Action[], ReadonlyMap<string, number>>();

function placesOf(actions: readonly Action[]): ReadonlyMap<string, number> {
  const before = known.get(actions);
  if (before) return before;
  const places = new Map(actions.map(({ id }, place) => [id, place]));
  if (Object.isFrozen(actions)) known.set(actions, places);
  return places;
}

/**
 * A ranker that searches a large catalogue also ranks what the wrapper names: a pinned title must be among the candidates,
 * whether the model would have found it or not. A search for a query stays as it is: there, what is found is what answers.
 */
export function finding(ranker: Ranker, wrapper: Wrapper, params: unknown): Ranker {
  const retrieve = ranker.retrieve?.bind(ranker);
  const named = wrapper.named?.bind(wrapper);
  if (!retrieve || !named || !ranker.retrieval) return ranker;
  return {
    ...ranker,
    retrieve: (request, open) => {
      const found = retrieve(request, open);
      const ids = named(params, request.at);
      if (ids.length === 0) return found;
      const places = placesOf(request.actions);
      const wanted = new Set(found);
      for (const id of ids) {
        const place = places.get(id);
        if (place !== undefined && (open === null || open[place] === 1)) wanted.add(place);
      }
      return wanted.size === found.length ? found : [...wanted].sort((a, b) => a - b);
    },
  };
}
