import { DomainError } from './errors.js';
import type { Experiment, Layer, LayerMembership } from './vocabulary.js';

type Design = Pick<Experiment, 'unitType' | 'clusterBy' | 'switchback'>;

/**
 * What an experiment hashes to deal its units: ids of one type, for a switchback ids by slots of time. Two experiments
 * keep their units apart in a layer only where they hash the same.
 */
export interface Dealing {
  readonly unitType: string;
  /** Null: the unit is dealt once, whatever the time. */
  readonly slotMinutes: number | null;
  /** By whose clocks slots begin; null: UTC, or no slots. */
  readonly timeZone: string | null;
}

/** By what a design's units are dealt: their own type, their clusters', or their slots of time. */
export function dealingOf({ unitType, clusterBy, switchback }: Design): Dealing {
  const timeZone = switchback?.timeZone ?? null;
  return {
    unitType: clusterBy ?? unitType,
    slotMinutes: switchback?.slotMinutes ?? null,
    // Slots by the clocks of UTC are named alike, whether the zone is given or not.
    timeZone: timeZone === 'UTC' ? null : timeZone,
  };
}

export const sameDealing = (a: Dealing, b: Dealing): boolean =>
  a.unitType === b.unitType && a.slotMinutes === b.slotMinutes && a.timeZone === b.timeZone;

/** As a reader is told: `member`, `market in slots of 60 minutes (Europe/Berlin)`. */
export function dealingName({ unitType, slotMinutes, timeZone }: Dealing): string {
  if (slotMinutes === null) return unitType;
  return `${unitType} in slots of ${slotMinutes} minutes${timeZone === null ? '' : ` (${timeZone})`}`;
}

/** An experiment that holds a part of a layer, with what it deals by. */
export interface Holder {
  readonly experiment: string;
  readonly dealing: Dealing;
}

/**
 * A layer deals its parts by one type of unit: the one that it names, else the one of those that hold parts of it.
 * @param holders who holds parts of it now, but for the experiment itself.
 * @param pointer of the field that names the layer.
 * @throws DomainError `layer_unit_type`.
 */
export function checkDealing(
  layer: Pick<Layer, 'key' | 'unitType'>,
  holders: readonly Holder[],
  design: Design,
  pointer = '/layer',
): void {
  const own = dealingOf(design);
  const refuse = (by: string, why: string): never => {
    const message = `The layer "${layer.key}" deals its parts by ${by}${why}, and this experiment is dealt by ${dealingName(own)}: they would not keep each other's units out. Take another layer`;
    throw new DomainError('layer_unit_type', message, pointer);
  };
  if (layer.unitType && layer.unitType !== own.unitType) refuse(layer.unitType, '');
  const other = holders.find(({ dealing }) => !sameDealing(dealing, own));
  if (other) refuse(dealingName(other.dealing), `, by which "${other.experiment}" holds a part`);
}

/** The field of a design that names a layer. */
export function layerPointer(
  design: { readonly layer: string; readonly otherLayers?: readonly LayerMembership[] },
  layer: string,
): string {
  if (design.layer === layer) return '/layer';
  const at = (design.otherLayers ?? []).findIndex((one) => one.layer === layer);
  return at === -1 ? '/layer' : `/otherLayers/${at}/layer`;
}
