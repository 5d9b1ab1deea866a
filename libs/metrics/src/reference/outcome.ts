import type { Outcome } from '../inference/outcome.js';
import type { ReferenceResult } from './methods.js';

/** An outcome in the keys of the files; `keys` names those of a result that exists. */
export function inKeys<T>(outcome: Outcome<T>, keys: (result: T) => ReferenceResult): ReferenceResult {
  return outcome.status === 'ok' ? { status: 'ok', ...keys(outcome) } : { ...outcome };
}
