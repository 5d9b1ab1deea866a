import type { Surface } from '#experiments';
import type { Action } from '#policies';
import type { ServingCatalog } from './catalog-data.js';
import type { TreatmentRequest } from './serve-treatments.js';

/** The request's candidates with what is registered about them, or the registered ones. */
export function candidatesOf(
  catalog: ServingCatalog,
  surface: Surface,
  wanted: TreatmentRequest,
): readonly Action[] {
  if (surface.kind === 'value') return NO_ACTIONS;
  if (wanted.actions === null) return catalog.items.candidates(surface.candidateKind, wanted.subject);
  return catalog.items.named(wanted.actions);
}

/** Features that the client sends may be about the unit; those of the item table are not. */
export const withoutFeatures = (wanted: TreatmentRequest): TreatmentRequest =>
  wanted.actions === null ? wanted : { ...wanted, actions: wanted.actions.map(({ id }) => ({ id })) };

export const NO_ACTIONS: readonly Action[] = Object.freeze([]);
