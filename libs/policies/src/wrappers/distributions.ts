import type { Chooser, DecisionRequest } from '../contract.js';

/**
 * Everything of a chooser but its own way to fill slates: under a changed distribution a slate is drawn from that, without
 * replacement, so that what the wrapper asks for holds there too.
 */
export function withoutSlots(inner: Chooser): Chooser {
  const { slot: _slot, ...rest } = inner;
  return rest;
}

/** A chooser like `inner` with another distribution; scores, eligibility and kind of propensity stay. */
export function redistribute(
  inner: Chooser,
  change: (distribution: Float64Array, request: DecisionRequest) => Float64Array,
): Chooser {
  return { ...withoutSlots(inner), distribution: (request) => change(inner.distribution(request), request) };
}

/** p restricted to the actions that are let through, to scale; uniform over them where p has nothing there. */
export function restrictTo(distribution: Float64Array, mask: Uint8Array): Float64Array {
  const kept = distribution.map((p, i) => (mask[i] === 1 ? p : 0));
  const sum = kept.reduce((total, p) => total + p, 0);
  if (sum > 1e-300) return kept.map((p) => p / sum);
  const open = mask.reduce((total, one) => total + one, 0);
  return kept.map((_, i) => (mask[i] === 1 ? 1 / open : 0));
}

/**
 * The distribution of `inner` over the actions let through, as if the others had not been asked about: what it would
 * have spent on those is decided anew, not scaled up.
 */
export function among(inner: Chooser, request: DecisionRequest, mask: Uint8Array): Float64Array {
  if (!mask.includes(0)) return inner.distribution(request);
  const actions = request.actions.filter((_, i) => mask[i] === 1);
  const distribution = inner.distribution({ ...request, actions });
  const all = new Float64Array(mask.length);
  let next = 0;
  for (let i = 0; i < mask.length; i++) if (mask[i] === 1) all[i] = distribution[next++] as number;
  return all;
}

/** Which actions a compiled policy may serve: all where it sets no limit. */
export function openTo(inner: Chooser, request: DecisionRequest): Uint8Array {
  return inner.eligible?.(request) ?? new Uint8Array(request.actions.length).fill(1);
}

/** The probability on the largest score, shared among equals; over the open actions only. */
export function onLargest(scores: Float64Array, open: Uint8Array): Float64Array {
  let best = -Infinity;
  for (let i = 0; i < scores.length; i++) if (open[i] === 1) best = Math.max(best, scores[i] as number);
  return restrictTo(
    new Float64Array(scores.length).fill(1),
    Uint8Array.from(scores, (score, i) => Number(open[i] === 1 && score === best)),
  );
}
