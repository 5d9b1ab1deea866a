import type { TrainingSet } from '../contract.js';

/** The plain feedback of the rows that are kept, about the same units and items. @param isKept of a row's number. */
export function rowsWhere(data: TrainingSet, isKept: (row: number) => boolean): TrainingSet {
  const rows = Uint32Array.from(data.unit.keys()).filter(isKept);
  return {
    units: data.units,
    items: data.items,
    itemFeatures: data.itemFeatures,
    unit: rows.map((row) => data.unit[row] as number),
    item: rows.map((row) => data.item[row] as number),
    value: Float64Array.from(rows, (row) => data.value[row] as number),
    at: Float64Array.from(rows, (row) => data.at[row] as number),
  };
}
