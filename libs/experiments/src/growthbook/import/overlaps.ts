import type { ImportedExperiment } from './experiment.js';

interface Claim {
  readonly key: string;
  readonly layer: string;
  readonly range: readonly [number, number];
}

const overlap = ([a, b]: Claim['range'], [c, d]: Claim['range']): boolean => a < d && c < b;

/**
 * GrowthBook lets parts of a namespace overlap, and a layer does not: a start would move the later experiment to another
 * part. What runs gets a layer of its own then, with the same hash and the same part of it.
 */
export function apart(found: readonly ImportedExperiment[]): ImportedExperiment[] {
  const claims: Claim[] = [];
  return found.map((one) => {
    const { experiment, layer, note, runs = false } = one;
    if (!experiment || !layer || !runs) return one;
    const claim: Claim = {
      key: experiment['key'] as string,
      layer: layer['key'] as string,
      range: experiment['layerRange'] as unknown as [number, number],
    };
    const rival = claims.find(
      ({ layer: there, range }) => there === claim.layer && overlap(range, claim.range),
    );
    if (!rival) {
      claims.push(claim);
      return one;
    }
    const own = `${claim.layer}.${claim.key}`.slice(0, 100);
    const told = `Its part of "${claim.layer}" overlaps that of "${rival.key}": it has the layer "${own}", which hashes alike.`;
    return {
      ...one,
      note: { ...note, notes: [...note.notes, told] },
      experiment: { ...experiment, layer: own },
      layer: { ...layer, key: own },
    };
  });
}
