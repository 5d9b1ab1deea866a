import { DomainError } from '#experiments';
import type { SlotRule } from '../../contract.js';

/** More slates than this are not enumerated. */
const MOST_SLATES = 2_000_000;

/** Called with every possible order and its probability up to each slot (the last is that of the slate). */
export type SlateVisit = (slate: Uint32Array, prefix: Float64Array) => void;

/**
 * Visits all ordered slates without repeats that a rule can make. The two arrays are reused from call to call.
 * @throws DomainError `too_many_slates`.
 */
export function enumerateSlates(rule: SlotRule, items: number, slots: number, visit: SlateVisit): void {
  let total = 1;
  for (let k = 0; k < slots; k++) total *= items - k;
  if (!(slots <= items) || total > MOST_SLATES) {
    throw new DomainError('too_many_slates', `${items} items in ${slots} slots cannot be enumerated`);
  }
  const taken = new Uint8Array(items);
  const slate = new Uint32Array(slots);
  const prefix = new Float64Array(slots);
  const conditional = Array.from({ length: slots }, () => new Float64Array(items));
  const fill = (slot: number, so: number): void => {
    const p = conditional[slot] as Float64Array;
    rule(taken, p, slot);
    for (let a = 0; a < items; a++) {
      if (taken[a] === 1 || p[a] === 0) continue;
      slate[slot] = a;
      prefix[slot] = so * (p[a] as number);
      if (slot === slots - 1) {
        visit(slate, prefix);
        continue;
      }
      taken[a] = 1;
      fill(slot + 1, prefix[slot] as number);
      taken[a] = 0;
    }
  };
  fill(0, 1);
}

/** Probability of a slate up to each of its slots. */
export function prefixProbabilities(rule: SlotRule, items: number, slate: ArrayLike<number>): Float64Array {
  const taken = new Uint8Array(items);
  const p = new Float64Array(items);
  const prefix = new Float64Array(slate.length);
  let so = 1;
  for (let k = 0; k < slate.length; k++) {
    rule(taken, p, k);
    so *= p[slate[k] as number] as number;
    prefix[k] = so;
    taken[slate[k] as number] = 1;
  }
  return prefix;
}

/** P(item stands at slot), slots * items doubles. @throws DomainError `too_many_slates`. */
export function slotMarginals(rule: SlotRule, items: number, slots: number): Float64Array {
  const marginals = new Float64Array(slots * items);
  enumerateSlates(rule, items, slots, (slate, prefix) => {
    const p = prefix[slots - 1] as number;
    for (let k = 0; k < slots; k++) {
      const at = k * items + (slate[k] as number);
      marginals[at] = (marginals[at] as number) + p;
    }
  });
  return marginals;
}

/** E[1 1'] of the slot-item indicators, (slots * items)^2 doubles. @throws DomainError `too_many_slates`. */
export function slotGram(rule: SlotRule, items: number, slots: number): Float64Array {
  const n = slots * items;
  const gram = new Float64Array(n * n);
  enumerateSlates(rule, items, slots, (slate, prefix) => {
    const p = prefix[slots - 1] as number;
    for (let k = 0; k < slots; k++) {
      const row = (k * items + (slate[k] as number)) * n;
      for (let j = 0; j < slots; j++) {
        const at = row + j * items + (slate[j] as number);
        gram[at] = (gram[at] as number) + p;
      }
    }
  });
  return gram;
}
