import { BUCKETS } from '../../hash.js';
import type { Json } from '../../vocabulary.js';
import { keyOf } from './report.js';
import type { ExportedNamespace, ExportedPhaseNamespace } from './shapes.js';

export interface ImportedLayer {
  readonly layer: Readonly<Record<string, Json>> & { readonly key: string };
  readonly range: readonly [number, number];
  /** What keeps units out that are in there, or the other way round. */
  readonly losses: readonly string[];
}

interface Read {
  readonly title: string;
  /** The new kind has a seed and several ranges; the old one hashes `__` and its id with version 1. */
  readonly multi: boolean;
  readonly ranges: readonly (readonly number[])[];
  readonly attribute: string | undefined;
}

function readNamespace(given: ExportedPhaseNamespace, defined: ExportedNamespace | undefined): Read {
  return {
    title: [defined?.label, defined?.name].find((text) => text) ?? given.namespaceId,
    multi: defined?.format ? defined.format === 'multiRange' : given.ranges !== undefined,
    ranges: given.ranges ?? (given.range ? [given.range] : []),
    attribute: given.hashAttribute ?? defined?.hashAttribute,
  };
}

const isFine = (edge: number): boolean => Math.abs(edge * BUCKETS - Math.round(edge * BUCKETS)) < 1e-6;

/** A layer of its own: without a namespace GrowthBook's experiments do not exclude each other. */
const alone = (key: string): ImportedLayer => ({
  layer: { key: `alone.${key}`.slice(0, 100), title: `Only ${key}`.slice(0, 200) },
  range: [0, 1],
  losses: [],
});

/**
 * The layer of an experiment, and its part of it.
 * @param attribute what the experiment hashes.
 */
export function layerOf(
  key: string,
  given: ExportedPhaseNamespace | undefined,
  attribute: string,
  namespaces: ReadonlyMap<string, ExportedNamespace>,
): ImportedLayer {
  if (!given || given.namespaceId === '') return alone(key);
  const defined = namespaces.get(given.namespaceId);
  const read = readNamespace(given, defined);
  const [from = 0, to = 1] = read.ranges[0] ?? [];
  if (!read.multi && from <= 0 && to >= 1) return alone(key);
  const salt = read.multi ? (defined?.seed ?? given.namespaceId) : `__${given.namespaceId}`;
  const version = read.multi ? (given.hashVersion ?? 2) : 1;
  return {
    layer: {
      key: keyOf(given.namespaceId),
      title: read.title,
      salt,
      ...(version === 1 ? { hashVersion: 1 } : {}),
    },
    range: [from, to],
    losses: lossesOf(read, attribute, version),
  };
}

function lossesOf(
  { title, ranges, attribute: hashed }: Read,
  attribute: string,
  hashVersion: number,
): string[] {
  const named = `the namespace "${title}"`;
  const found: readonly (readonly [boolean, string])[] = [
    [ranges.length > 1, `it has ${ranges.length} ranges of ${named}; one is kept`],
    [hashVersion !== 1 && hashVersion !== 2, `${named} has hash version ${hashVersion}`],
    [(hashed ?? attribute) !== attribute, `${named} hashes "${hashed ?? ''}", not "${attribute}"`],
    [!(ranges[0] ?? []).every(isFine), `its range of ${named} is finer than 1/${BUCKETS}`],
  ];
  return found.filter(([holds]) => holds).map(([, loss]) => loss);
}
