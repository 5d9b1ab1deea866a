import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '#experiments';
import { Problem } from '../http/problem.js';
import { Database } from '../persistence/database.js';
import { AnswerCache } from '../http/answer-cache.js';
import { COVERAGE, SHOWN_BY } from './item-coverage.sql.js';
import type { CoverageQuery } from './item.schemas.js';

const DAY = 86_400_000;
/** One pass over the facts answers every page, filter and search of the next minute. */
const KEEP_MS = 60_000;

interface CoverageRow {
  readonly id: string;
  readonly kind: string;
  readonly subject: string | null;
  readonly title: string;
  readonly available: boolean;
  /** Features that have a value. */
  readonly features: number;
  readonly exposures: number;
  readonly outcomes: number;
  readonly units: number;
  readonly lastOutcomeAt: Date | null;
}

export interface ItemCoverage extends CoverageRow {
  /** Items that belong to this one: the artwork variants of a title. */
  readonly variants: number;
  /** Of all exposures of available items of its kind; null where there was none. */
  readonly exposureShare: number | null;
  /** Fewer outcomes than `coldBelow`: what learns from outcomes alone knows little about it. */
  readonly cold: boolean;
}

export interface CoverageSummary {
  readonly items: number;
  readonly available: number;
  readonly withFeatures: number;
  readonly withOutcomes: number;
  readonly cold: number;
  readonly exposures: number;
  /** Gini coefficient of exposures over available items, 0: all alike, towards 1: few get all; null without exposures. */
  readonly gini: number | null;
}

export interface CoveragePage {
  readonly from: Date;
  readonly coldBelow: number;
  readonly kind: string | null;
  readonly kinds: readonly { readonly kind: string; readonly items: number }[];
  /** Of the whole kind, whatever is searched for. */
  readonly summary: CoverageSummary;
  readonly matching: number;
  readonly items: readonly ItemCoverage[];
  readonly nextCursor: string | null;
}

export interface CoverageDetail {
  readonly from: Date;
  readonly item: ItemCoverage & { readonly values: Context };
  readonly variants: readonly (ItemCoverage & { readonly values: Context })[];
  readonly shownBy: readonly {
    readonly policyId: string;
    readonly title: string;
    readonly decisions: number;
  }[];
}

/** What the catalogue knows about its items, and what members have seen and used of it. */
@Injectable()
export class ItemCoverages {
  private readonly cache = new AnswerCache(KEEP_MS);

  constructor(@Inject(Database) private readonly db: Database) {}

  async page(query: CoverageQuery, now = Date.now()): Promise<CoveragePage> {
    const { days, coldBelow, limit, cursor } = query;
    const rows = await this.rows(days, now);
    const kinds = kindsOf(rows);
    const kind = query.kind ?? (kinds.find((entry) => entry.kind === 'title') ?? kinds[0])?.kind ?? null;
    const all = withShares(rows, kind, coldBelow);
    const matching = all.filter((item) => matches(item, query)).sort(ORDERS[query.sort]);
    const end = cursor + limit;
    return {
      from: new Date(now - days * DAY),
      coldBelow,
      kind,
      kinds,
      summary: summaryOf(all),
      matching: matching.length,
      items: matching.slice(cursor, end),
      nextCursor: end < matching.length ? String(end) : null,
    };
  }

  /** @throws Problem 404. */
  async detail(
    id: string,
    { days, coldBelow }: Pick<CoverageQuery, 'days' | 'coldBelow'>,
    now = Date.now(),
  ): Promise<CoverageDetail> {
    const rows = await this.rows(days, now);
    const own = rows.find((row) => row.id === id);
    if (!own) throw Problem.notFound('The item', id);
    const values = await this.db.query<{ id: string; features: Context }>(
      'select id, features from item where id = $1 or subject = $1',
      [id],
    );
    const valuesOf = new Map(values.map(({ id: of, features }) => [of, features]));
    const full = (kind: string) =>
      withShares(rows, kind, coldBelow).map((item) => ({ ...item, values: valuesOf.get(item.id) ?? {} }));
    const kindsOfVariants = new Set(rows.filter(({ subject }) => subject === id).map(({ kind }) => kind));
    const from = new Date(now - days * DAY);
    return {
      from,
      item: full(own.kind).find((item) => item.id === id) as CoverageDetail['item'],
      variants: [...kindsOfVariants].flatMap((kind) => full(kind).filter(({ subject }) => subject === id)),
      shownBy: await this.db.query<CoverageDetail['shownBy'][number] & Record<string, unknown>>(SHOWN_BY, [
        from,
        id,
      ]),
    };
  }

  private rows(days: number, now: number): Promise<readonly CoverageRow[]> {
    return this.cache.get(String(days), () =>
      this.db.query<CoverageRow & Record<string, unknown>>(COVERAGE, [new Date(now - days * DAY)]),
    );
  }
}

function kindsOf(rows: readonly CoverageRow[]): { kind: string; items: number }[] {
  const counts = new Map<string, number>();
  for (const { kind } of rows) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, items]) => ({ kind, items })).sort((a, b) => b.items - a.items);
}

function withShares(rows: readonly CoverageRow[], kind: string | null, coldBelow: number): ItemCoverage[] {
  const variants = new Map<string, number>();
  for (const { subject } of rows)
    if (subject !== null) variants.set(subject, (variants.get(subject) ?? 0) + 1);
  const own = rows.filter((row) => row.kind === kind);
  const total = own.reduce((sum, row) => sum + (row.available ? row.exposures : 0), 0);
  return own.map((row) => ({
    ...row,
    variants: variants.get(row.id) ?? 0,
    exposureShare: total === 0 || !row.available ? null : row.exposures / total,
    cold: row.outcomes < coldBelow,
  }));
}

function matches(item: ItemCoverage, { search, show }: CoverageQuery): boolean {
  if (show === 'cold' && !item.cold) return false;
  if (show === 'without-features' && item.features > 0) return false;
  if (show === 'never-shown' && item.exposures > 0) return false;
  if (search === undefined) return true;
  const text = search.toLowerCase();
  return item.title.toLowerCase().includes(text) || item.id.toLowerCase().includes(text);
}

const byId = (a: CoverageRow, b: CoverageRow): number => (a.id < b.id ? -1 : 1);

const ORDERS: Readonly<Record<CoverageQuery['sort'], (a: CoverageRow, b: CoverageRow) => number>> = {
  exposures: (a, b) => b.exposures - a.exposures || byId(a, b),
  outcomes: (a, b) => b.outcomes - a.outcomes || byId(a, b),
  title: (a, b) => a.title.localeCompare(b.title) || byId(a, b),
};

function summaryOf(items: readonly ItemCoverage[]): CoverageSummary {
  const available = items.filter((item) => item.available);
  const exposures = available.map((item) => item.exposures);
  return {
    items: items.length,
    available: available.length,
    withFeatures: items.filter(({ features }) => features > 0).length,
    withOutcomes: items.filter(({ outcomes }) => outcomes > 0).length,
    cold: items.filter(({ cold }) => cold).length,
    exposures: exposures.reduce((sum, count) => sum + count, 0),
    gini: giniOf(exposures),
  };
}

/**
 * Gini coefficient of counts: sum_i (2i - n - 1) x_i / (n sum x), x ascending and i from 1.
 * @returns null where the counts sum to 0.
 */
export function giniOf(counts: readonly number[]): number | null {
  const sorted = [...counts].sort((a, b) => a - b);
  const total = sorted.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const weighted = sorted.reduce((sum, count, i) => sum + (2 * (i + 1) - sorted.length - 1) * count, 0);
  return weighted / (sorted.length * total);
}
