import type { FieldError } from '../../api/http.js';
import type { PageConfig, PageLayout, PagePin, RowSource } from '../../api/pages.js';
import type { Surface } from '../../api/types.js';

/** Message by JSON pointer, as the API names fields. */
export type Problems = Readonly<Record<string, string>>;

/** What the sections of the editor share. */
export interface SectionProps {
  layout: PageLayout;
  set: (change: Partial<PageLayout>) => void;
  problems: Problems;
}

/** A page before it is there: the first surfaces that can serve each level. */
export function newPage(surfaces: readonly Surface[]): PageConfig {
  const slates = surfaces.filter(({ kind, candidateKind }) => kind === 'slate' && candidateKind !== null);
  const rows = slates.find(({ candidateKind }) => candidateKind === 'row') ?? slates[0];
  const titles = slates.find(({ key }) => key !== rows?.key);
  return {
    key: '',
    title: '',
    revision: 0,
    layout: {
      rows: { surface: rows?.key ?? '', limit: 10 },
      titles: { surface: titles?.key ?? '', limit: 12, candidates: 500, least: 1 },
      artwork: null,
      unique: true,
      filters: {},
      sources: [],
      pins: [],
    },
  };
}

/** A deeper pointer is shown at the field it lies in. */
export const problemsOf = (errors: readonly FieldError[]): Problems =>
  Object.fromEntries(
    errors.map(({ pointer, message }) => [pointer.replace(/^(\/layout\/filters)\/.*$/, '$1'), message]),
  );

/** What a source needs besides where the titles come from. */
export const needsOf = (from: RowSource['from']): 'feature' | 'attribute' | null =>
  from === 'context' ? 'attribute' : from === 'all' ? null : 'feature';

/** The source with exactly the fields that its kind has. */
export function withFrom({ rows, ...before }: RowSource, from: RowSource['from']): RowSource {
  const needs = needsOf(from);
  return {
    rows,
    from,
    ...(needs === 'feature' ? { feature: before.feature ?? 'genres' } : {}),
    ...(needs === 'attribute' ? { attribute: before.attribute ?? 'unfinished' } : {}),
    ...(from === 'match' && before.of !== undefined ? { of: before.of } : {}),
  };
}

/** Which source a row with these features has, as serving finds it; -1: every title. */
export function sourceOf(features: Readonly<Record<string, unknown>>, sources: readonly RowSource[]): number {
  const valuesOf = (feature: string): readonly unknown[] => {
    const value = features[feature];
    return Array.isArray(value) ? (value as readonly unknown[]) : [value];
  };
  return sources.findIndex(
    ({ rows }) => rows === null || valuesOf(rows.feature).map(String).includes(rows.value),
  );
}

export const isOver = ({ until }: PagePin, now: number): boolean => now >= Date.parse(until);

/** The clock time of this browser for a field of the type `datetime-local`. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime())
    ? ''
    : new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** Back again; empty where nothing, or no time, was entered: the API then says what it needs. */
export function isoTime(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}
