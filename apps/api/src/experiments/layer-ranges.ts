import {
  DomainError,
  allocateRange,
  checkDealing,
  checkRange,
  dealingOf,
  layerPointer,
  membershipsOf,
  sameDealing,
} from '#experiments';
import type { BucketRange, ExperimentDesign, LayerClaim, LayerMembership } from '#experiments';
import { Problem } from '../http/problem.js';
import type { Transaction } from '../persistence/database.js';
import type { ExperimentStore } from './experiment-store.js';

/** A layer as a request names it: a range, or a share to be found; neither: the largest free part. */
export interface WantedLayer {
  readonly layer: string;
  readonly share?: number | undefined;
  readonly range?: readonly [number, number] | undefined;
}

/**
 * Parts of layers that a draft would get today; a full layer is no reason not to write a draft.
 * @throws Problem 400 when a layer is named twice or does not exist.
 */
export async function wishedRanges(
  store: ExperimentStore,
  tx: Transaction,
  key: string,
  wanted: readonly WantedLayer[],
  primary: string,
): Promise<LayerMembership[]> {
  const seen = new Set([primary]);
  wanted.forEach(({ layer }, i) => {
    if (seen.has(layer))
      throw Problem.invalid(
        `/otherLayers/${i}/layer`,
        'duplicate_layer',
        `the experiment is in the layer "${layer}" already`,
      );
    seen.add(layer);
  });
  const found: LayerMembership[] = [];
  for (const { layer, share, range } of wanted) {
    const claims = await store.lockClaims(tx, layer, key);
    if (range) checkRange([], { experiment: key, range });
    found.push({ layer, range: range ?? wishedRange(claims, share ?? null) });
  }
  return found;
}

/** What a new draft would get of a layer today. */
export function wishedRange(claims: readonly LayerClaim[], share: number | null): BucketRange {
  try {
    return allocateRange(claims, share);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'layer_full') return [0, share ?? 0];
    throw error;
  }
}

/**
 * Gives a draft parts of its layers of its own. Its ranges are wishes: kept where they are free, else others of the same
 * size. Layers are locked in the order of their keys, so that two starts never wait for each other.
 * @throws DomainError `layer_full` | `layer_unit_type`.
 */
export async function ownRanges<E extends ExperimentDesign>(
  store: ExperimentStore,
  tx: Transaction,
  draft: E,
): Promise<E> {
  const ranges = new Map<string, BucketRange>();
  for (const { layer, range } of inOrder(draft)) {
    const { claims, ...held } = await store.lockLayer(tx, layer, draft.key);
    checkDealing(held, claims, draft, layerPointer(draft, layer));
    ranges.set(layer, freeRange(claims, draft.key, range));
  }
  return {
    ...draft,
    layerRange: ranges.get(draft.layer) ?? draft.layerRange,
    otherLayers: (draft.otherLayers ?? []).map(({ layer, range }) => ({
      layer,
      range: ranges.get(layer) ?? range,
    })),
  };
}

/** @throws DomainError `layer_overlap` when a part of a layer belongs to another experiment. */
export async function claimRanges(
  store: ExperimentStore,
  tx: Transaction,
  design: ExperimentDesign,
): Promise<void> {
  for (const { layer, range } of inOrder(design)) {
    checkRange(await store.lockClaims(tx, layer, design.key), { experiment: design.key, range });
  }
}

/**
 * A design can only join layers that deal by its own unit. Of a draft only what the layer names counts: who holds parts
 * of it may be gone when it starts. What is in a layer already stays in it, also where others deal otherwise.
 * @param before null: a new one.
 * @throws DomainError `layer_unit_type`.
 */
export async function checkJoined(
  store: ExperimentStore,
  tx: Transaction,
  before: ExperimentDesign | null,
  next: ExperimentDesign,
): Promise<void> {
  const same = before !== null && sameDealing(dealingOf(before), dealingOf(next));
  const known = new Set(same ? membershipsOf(before).map(({ layer }) => layer) : []);
  for (const { layer } of inOrder(next)) {
    if (known.has(layer)) continue;
    const { claims, ...held } = await store.lockLayer(tx, layer, next.key);
    checkDealing(held, next.status === 'draft' ? [] : claims, next, layerPointer(next, layer));
  }
}

const inOrder = (design: ExperimentDesign): LayerMembership[] =>
  membershipsOf(design).sort((a, b) => (a.layer < b.layer ? -1 : 1));

function freeRange(claims: readonly LayerClaim[], experiment: string, wish: BucketRange): BucketRange {
  const [from, to] = wish;
  if (from === to) return allocateRange(claims, null);
  try {
    checkRange(claims, { experiment, range: wish });
    return wish;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'layer_overlap') throw error;
    return allocateRange(claims, to - from);
  }
}
