import type { DecisionRequest } from '../contract.js';

const CAPACITY = 4096;
const LONGEST_KEYED = 64;

/**
 * Remembers answers that depend only on the subject and the candidate ids, for the life of one compiled snapshot.
 * Long candidate lists are not remembered: their key would cost as much memory as the answer.
 */
export function rememberBySubjectAndActions<T>(
  compute: (request: DecisionRequest) => T,
): (request: DecisionRequest) => T {
  let cache = new Map<string, T>();
  return (request) => {
    const { actions, subject } = request;
    if (actions.length > LONGEST_KEYED) return compute(request);
    let key = subject === null ? '' : `${subject.length}:${subject}`;
    for (const { id } of actions) key += `\u0000${id}`;
    const known = cache.get(key);
    if (known !== undefined) return known;
    const answer = compute(request);
    if (cache.size >= CAPACITY) cache = new Map();
    cache.set(key, answer);
    return answer;
  };
}
