import type { Dealing, Layer } from '../api/types-layers.js';

/** As a reader is told: `market in slots of 60 minutes (Europe/Berlin)`. */
export function dealingName({ unitType, slotMinutes, timeZone }: Dealing): string {
  if (slotMinutes === null) return unitType;
  return `${unitType} in slots of ${slotMinutes} minutes${timeZone === null ? '' : ` (${timeZone})`}`;
}

/** By what a layer deals: what it names and what those that hold parts of it deal by, each once. */
export function dealtBy({ unitType, ranges = [] }: Layer): string[] {
  const held = ranges.map(dealingName);
  return [...new Set(held.length === 0 && unitType ? [unitType] : held)];
}
