import { dealingOf, type Holder } from './dealing.js';
import { DomainError } from './errors.js';
import { BUCKETS, type BucketRange } from './hash.js';
import type { Experiment, ExperimentStatus, LayerMembership } from './vocabulary.js';

/** Every layer that an experiment is in, the first one first. A unit must be inside all of the ranges. */
export function membershipsOf(
  experiment: Pick<Experiment, 'layer' | 'layerRange' | 'otherLayers'>,
): LayerMembership[] {
  return [{ layer: experiment.layer, range: experiment.layerRange }, ...(experiment.otherLayers ?? [])];
}

/**
 * Share of units that the ranges leave, over all layers: their product, because each layer has a salt of its own.
 */
export function layerShare(experiment: Pick<Experiment, 'layer' | 'layerRange' | 'otherLayers'>): number {
  return membershipsOf(experiment).reduce((share, { range }) => share * (range[1] - range[0]), 1);
}

/** A part of a layer's [0, 1) that somebody owns. */
export interface LayerClaim {
  readonly experiment: string;
  readonly range: BucketRange;
}

/** A claim of a live experiment, with what it deals by. */
export interface LayerHold extends LayerClaim, Holder {}

/** Statuses in which an experiment's range is its own. A draft's range is only a wish; a shipped one serves everybody. */
const CLAIMING: ReadonlySet<ExperimentStatus> = new Set(['scheduled', 'running', 'paused']);

/** The claims of one layer, in order of their start; an experiment claims its part of every layer that it is in. */
export function layerClaims(experiments: readonly Experiment[], layer: string): LayerHold[] {
  return experiments
    .filter((experiment) => CLAIMING.has(experiment.status))
    .flatMap((experiment) =>
      membershipsOf(experiment)
        .filter((membership) => membership.layer === layer)
        .map(({ range }) => ({ experiment: experiment.key, range, dealing: dealingOf(experiment) })),
    )
    .sort((a, b) => a.range[0] - b.range[0]);
}

const units = (share: number): number => Math.round(share * BUCKETS);
const overlap = (a: BucketRange, b: BucketRange): boolean =>
  units(a[0]) < units(b[1]) && units(b[0]) < units(a[1]);

/** The ranges nobody owns, in order, each as long as possible. */
export function freeRanges(claims: readonly LayerClaim[]): BucketRange[] {
  const taken = claims
    .map(({ range }) => [units(range[0]), units(range[1])] as const)
    .sort((a, b) => a[0] - b[0]);
  const free: BucketRange[] = [];
  let cursor = 0;
  for (const [from, to] of [...taken, [BUCKETS, BUCKETS] as const]) {
    if (from > cursor) free.push([cursor / BUCKETS, from / BUCKETS]);
    cursor = Math.max(cursor, to);
  }
  return free;
}

/**
 * Finds a range for a new experiment: the smallest free one that fits, so that large ones stay whole.
 * @param share of the layer, in steps of 1 / BUCKETS; null takes the largest free range entirely.
 * @throws DomainError `invalid_layer_share` | `layer_full`.
 */
export function allocateRange(claims: readonly LayerClaim[], share: number | null): BucketRange {
  const free = freeRanges(claims);
  const length = (range: BucketRange): number => units(range[1]) - units(range[0]);
  const largest = free.reduce((best, range) => Math.max(best, length(range)), 0);
  const wanted = share === null ? largest : units(share);
  if (share !== null && !(wanted >= 1 && wanted <= BUCKETS)) {
    throw new DomainError(
      'invalid_layer_share',
      `A share of a layer lies between 1/${BUCKETS} and 1, not ${share}`,
      '/layerShare',
    );
  }
  const fitting = free
    .filter((range) => length(range) >= wanted)
    .sort((a, b) => length(a) - length(b) || a[0] - b[0])[0];
  if (!fitting || wanted === 0) {
    const owners = claims.map((claim) => `${claim.experiment} [${claim.range.join(', ')})`).join(', ');
    throw new DomainError(
      'layer_full',
      `The layer has no free range of ${wanted / BUCKETS || 'any size'}; the largest is ${largest / BUCKETS}. It is held by ${owners}`,
      '/layerShare',
    );
  }
  return [fitting[0], (units(fitting[0]) + wanted) / BUCKETS];
}

/**
 * @throws DomainError `invalid_layer_range` (outside [0, 1), empty, or finer than 1 / BUCKETS) | `layer_overlap`.
 */
export function checkRange(claims: readonly LayerClaim[], claim: LayerClaim): void {
  const [from, to] = claim.range;
  if (!(from >= 0 && to <= 1 && from < to)) {
    throw new DomainError(
      'invalid_layer_range',
      `[${from}, ${to}) is not a non-empty part of [0, 1)`,
      '/layerRange',
    );
  }
  if (Math.abs(from * BUCKETS - units(from)) > 1e-6 || Math.abs(to * BUCKETS - units(to)) > 1e-6) {
    throw new DomainError(
      'invalid_layer_range',
      `[${from}, ${to}) is finer than 1/${BUCKETS}`,
      '/layerRange',
    );
  }
  const rival = claims.find(
    (other) => other.experiment !== claim.experiment && overlap(other.range, claim.range),
  );
  if (rival) {
    throw new DomainError(
      'layer_overlap',
      `[${from}, ${to}) overlaps [${rival.range.join(', ')}), which belongs to "${rival.experiment}"`,
      '/layerRange',
    );
  }
}

/** Every pair of live experiments that claims the same part of a layer; empty in a sound catalogue. Checked at boot. */
export function findOverlaps(
  experiments: readonly Experiment[],
): { layer: string; experiments: readonly [string, string] }[] {
  const found: { layer: string; experiments: readonly [string, string] }[] = [];
  for (const layer of new Set(experiments.flatMap(membershipsOf).map((membership) => membership.layer))) {
    const claims = layerClaims(experiments, layer);
    claims.forEach((a, i) => {
      for (const b of claims.slice(i + 1)) {
        if (overlap(a.range, b.range)) found.push({ layer, experiments: [a.experiment, b.experiment] });
      }
    });
  }
  return found;
}
