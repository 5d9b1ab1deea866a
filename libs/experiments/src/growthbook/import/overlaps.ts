import type { ImportedExperiment } from './experiment.js';

interface Claim {
  readonly key: string;
  readonly layer: string;
  readonly unitType: string;
  readonly range: readonly [number, number];
}

const overlap = ([a, b]: Claim['range'], [c, d]: Claim['range']): boolean => a < d && c < b;

function claimOf({ experiment, layer }: ImportedExperiment): Claim | null {
  if (!experiment || !layer) return null;
  return {
    key: experiment['key'] as string,
    layer: layer['key'] as string,
    unitType: experiment['unitType'] as string,
    range: experiment['layerRange'] as unknown as [number, number],
  };
}

/** Why two cannot be in one layer; null: they can. */
function conflict(mine: Claim, other: Claim, runs: boolean): string | null {
  if (mine.layer !== other.layer) return null;
  if (mine.unitType !== other.unitType)
    return `"${mine.layer}" deals by ${other.unitType} for "${other.key}", and this experiment is dealt by ${mine.unitType}`;
  return runs && overlap(mine.range, other.range)
    ? `Its part of "${mine.layer}" overlaps that of "${other.key}"`
    : null;
}

/**
 * GrowthBook lets parts of a namespace overlap, and experiments of any attribute share it; a layer does neither: a start
 * would move the later experiment to another part, or be refused. What runs gets a layer of its own then, with the same
 * hash and the same part of it; what does not run, where the units of those that do are others.
 */
export function apart(found: readonly ImportedExperiment[]): ImportedExperiment[] {
  const claims: Claim[] = [];
  const settled = new Map<ImportedExperiment, ImportedExperiment>();
  const running = found.filter(({ runs = false }) => runs);
  for (const one of [...running, ...found.filter((other) => !running.includes(other))]) {
    const claim = claimOf(one);
    if (!claim) continue;
    const why = claims
      .map((other) => conflict(claim, other, one.runs === true))
      .find((told) => told !== null);
    if (why) settled.set(one, withOwnLayer(one, claim, why));
    else if (one.runs) claims.push(claim);
  }
  return found.map((one) => settled.get(one) ?? one);
}

function withOwnLayer(one: ImportedExperiment, { key, layer }: Claim, why: string): ImportedExperiment {
  const { note, experiment = {} } = one;
  const own = `${layer}.${key}`.slice(0, 100);
  return {
    ...one,
    note: { ...note, notes: [...note.notes, `${why}: it has the layer "${own}", which hashes alike.`] },
    experiment: { ...experiment, layer: own },
    layer: { ...one.layer, key: own },
  };
}
