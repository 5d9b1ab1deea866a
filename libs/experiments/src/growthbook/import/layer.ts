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
  readonly salt: string;
  readonly hashVersion: number;
}

function readHashing(
  given: ExportedPhaseNamespace,
  defined: ExportedNamespace | undefined,
): Pick<Read, 'multi' | 'salt' | 'hashVersion'> {
  const multi = defined?.format ? defined.format === 'multiRange' : given.ranges !== undefined;
  return multi
    ? { multi, salt: defined?.seed ?? given.namespaceId, hashVersion: given.hashVersion ?? 2 }
    : { multi, salt: `__${given.namespaceId}`, hashVersion: 1 };
}

function readNamespace(given: ExportedPhaseNamespace, defined: ExportedNamespace | undefined): Read {
  return {
    ...readHashing(given, defined),
    title: [defined?.label, defined?.name].find((text) => text) ?? given.namespaceId,
    ranges: given.ranges ?? (given.range ? [given.range] : []),
    attribute: given.hashAttribute ?? defined?.hashAttribute,
  };
}

/** Which of GrowthBook's hashes are used here. */
export const isKnownHash = (version: number): boolean => version === 1 || version === 2;

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
  return {
    layer: {
      key: keyOf(given.namespaceId),
      title: read.title,
      salt: read.salt,
      ...(read.hashVersion === 1 ? { hashVersion: 1 } : {}),
    },
    range: [from, to],
    losses: lossesOf(read, attribute),
  };
}

function lossesOf({ title, ranges, attribute: hashed, hashVersion }: Read, attribute: string): string[] {
  const named = `the namespace "${title}"`;
  const found: readonly (readonly [boolean, string])[] = [
    [ranges.length > 1, `it has ${ranges.length} ranges of ${named}; one is kept`],
    [!isKnownHash(hashVersion), `${named} has hash version ${hashVersion}`],
    [(hashed ?? attribute) !== attribute, `${named} hashes "${hashed ?? ''}", not "${attribute}"`],
    [!(ranges[0] ?? []).every(isFine), `its range of ${named} is finer than 1/${BUCKETS}`],
  ];
  return found.filter(([holds]) => holds).map(([, loss]) => loss);
}
