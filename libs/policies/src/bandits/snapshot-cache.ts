import type { DecisionRequest } from '../contract.js';

const CAPACITY = 4096;
const LONGEST_KEYED = 64;

/**
 * Remembers answers that depend only on the subject and the candidate ids, for the life of one compiled snapshot.
 * A frozen candidate list is known by its identity, others by their ids. Long lists are not remembered: their key would
 * cost as much memory as the answer.
 */
export function rememberBySubjectAndActions<T>(
  compute: (request: DecisionRequest) => T,
): (request: DecisionRequest) => T {
  let byList = new WeakMap<DecisionRequest['actions'], Map<string | null, T>>();
  let byIds = new Map<string, T>();
  let size = 0;
  const remember = <K>(answers: Map<K, T>, key: K, request: DecisionRequest): T => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = compute(request);
    // Over all lists: subjects are the clients' to choose.
    if (++size > CAPACITY) {
      byList = new WeakMap();
      byIds = new Map();
      size = 0;
    }
    answers.set(key, answer);
    return answer;
  };
  return (request) => {
    const { actions, subject } = request;
    if (actions.length > LONGEST_KEYED) return compute(request);
    if (!Object.isFrozen(actions)) return remember(byIds, keyOf(request), request);
    let answers = byList.get(actions);
    if (!answers) byList.set(actions, (answers = new Map<string | null, T>()));
    return remember(answers, subject, request);
  };
}

function keyOf({ actions, subject }: DecisionRequest): string {
  let key = subject === null ? '' : `${subject.length}:${subject}`;
  for (const { id } of actions) key += `\u0000${id}`;
  return key;
}
