/**
 * SQL for the features of the item `i` as they were at a time: of the changes kept in `item_past` the first one after it says
 * what was known until then; without one they are as they are now.
 * @param time an expression of type timestamptz.
 */
export const ITEM_FEATURES_AT = (time: string): string =>
  `coalesce((select p.features from item_past p where p.id = i.id and p.until > ${time} order by p.until limit 1), i.features)`;
