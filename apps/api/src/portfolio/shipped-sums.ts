import type { Holdout } from '#experiments';
import type { Sql } from '../persistence/database.js';
import type { PortfolioRow, ShippedSum } from './portfolio.contract.js';

type Covering = Pick<Holdout, 'surfaces' | 'tags'>;

/** Shipped comparisons of one metric, each with what a holdout goes by. */
export interface ShippedRow {
  readonly row: PortfolioRow;
  readonly surface: string;
  readonly tags: readonly string[];
}

/** @param rows of the portfolio; those that were not shipped, or have no lift, are left out. */
export async function shippedRows(sql: Sql, rows: readonly PortfolioRow[]): Promise<ShippedRow[]> {
  const shipped = rows.filter(({ shipped: is, lift }) => is && lift.estimate !== null);
  const found = await sql.query<{ key: string; surface: string; tags: string[] }>(
    'select key, surface, tags from experiment where key = any($1::text[])',
    [shipped.map(({ experiment }) => experiment)],
  );
  return shipped.flatMap((row) => {
    const one = found.find(({ key }) => key === row.experiment);
    return one ? [{ row, surface: one.surface, tags: one.tags }] : [];
  });
}

/**
 * What the shipped experiments that a holdout withholds promised together: sums of their measured and of their shrunken
 * lifts. A holdout with tags withholds what carries one of them, on the surfaces that it covers.
 */
export function promisedBy({ surfaces, tags = null }: Covering, rows: readonly ShippedRow[]): ShippedSum {
  const own = rows.filter(
    (one) =>
      (surfaces === null || surfaces.includes(one.surface)) &&
      (tags === null || one.tags.some((tag) => tags.includes(tag))),
  );
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const shrunken = own.flatMap(({ row }) => row.shrunken?.estimate ?? []);
  return {
    count: own.length,
    naive: sum(own.map(({ row }) => row.lift.estimate ?? 0)),
    shrunken: shrunken.length === own.length ? sum(shrunken) : null,
  };
}
