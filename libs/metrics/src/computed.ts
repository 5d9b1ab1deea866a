import type { OutcomeReason } from './inference/outcome.js';

export interface NotComputed {
  readonly ok: false;
  readonly reason: OutcomeReason;
}

/** A result, or the reason why there is none. Statistical functions return this instead of throwing. */
export type Computed<T> = { readonly ok: true; readonly value: T } | NotComputed;

/** No result, for this reason. */
export function notComputed(reason: OutcomeReason): NotComputed {
  return { ok: false, reason };
}

function isFiniteThroughout(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value instanceof Float64Array) return value.every(Number.isFinite);
  if (value !== null && typeof value === 'object') return Object.values(value).every(isFiniteThroughout);
  return true;
}

/** The value as a result, unless a number anywhere in it is NaN or infinite: those never leave the engine. */
export function computed<T>(value: T): Computed<T> {
  return isFiniteThroughout(value) ? { ok: true, value } : notComputed('not_finite');
}
