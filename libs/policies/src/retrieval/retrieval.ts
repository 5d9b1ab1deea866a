import type { Action, DecisionRequest } from '../contract.js';
import { ExactIndex } from './exact-index.js';
import { SMALL_CATALOGUE } from './embedding.js';
import type { Embedding, NearestIndex } from './embedding.js';
import { largest } from './largest.js';

/** What a search that leaves out too much is widened by, before every title is looked at. */
const WIDER = 4;

type Open = Uint8Array | null;

/** The retrieval stage of a ranker: from all registered titles to some hundred that are worth ranking. */
export class Retrieval {
  private readonly exact: ExactIndex;
  private index: NearestIndex;
  private readonly rowOf: ReadonlyMap<string, number>;
  private popular: Uint32Array | undefined;
  /** Of lists that do not change, the place of each row; -1: it is not in the list. */
  private readonly known = new WeakMap<readonly Action[], Int32Array>();

  constructor(
    readonly embedding: Embedding,
    private readonly most: number,
    private readonly smallCatalogue: number,
  ) {
    this.exact = new ExactIndex(embedding);
    this.index = this.exact;
    this.rowOf = new Map(embedding.items.map((id, row) => [id, row]));
  }

  /** Searches by this index from now on. Until then every title is looked at. */
  use(index: NearestIndex): void {
    this.index = index;
  }

  /** See Ranker.retrieve. Titles that the model has not met are left out of large catalogues. */
  retrieve(request: DecisionRequest, open: Open): readonly number[] {
    const { actions } = request;
    if (actions.length <= Math.max(this.most, this.smallCatalogue)) return openPlaces(actions.length, open);
    const places = this.placesOf(actions);
    const query = this.embedding.query(request);
    const found = query === null ? this.mostPopular(places, open) : this.nearest(query, places, open);
    return found.sort((a, b) => a - b);
  }

  private nearest(query: Float32Array, places: Int32Array, open: Open): number[] {
    const { index, most } = this;
    for (const count of [most, most * WIDER]) {
      const found = takeOpen(index.search(query, count), places, open, most);
      if (found.length === most) return found;
    }
    return takeOpen(this.exact.search(query, this.embedding.items.length), places, open, most);
  }

  private mostPopular(places: Int32Array, open: Open): number[] {
    const { items, popularity } = this.embedding;
    this.popular ??= largest(popularity, items.length);
    return takeOpen(this.popular, places, open, this.most);
  }

  private placesOf(actions: readonly Action[]): Int32Array {
    const known = this.known.get(actions);
    if (known !== undefined) return known;
    const places = new Int32Array(this.embedding.items.length).fill(-1);
    actions.forEach(({ id }, place) => {
      const row = this.rowOf.get(id);
      if (row !== undefined) places[row] = place;
    });
    if (Object.isFrozen(actions)) this.known.set(actions, places);
    return places;
  }
}

function openPlaces(count: number, open: Open): number[] {
  const places: number[] = [];
  for (let i = 0; i < count; i++) if (open === null || open[i] === 1) places.push(i);
  return places;
}

/** The first `most` rows that are in the list and may be served, as places in it. */
function takeOpen(rows: ArrayLike<number>, places: Int32Array, open: Open, most: number): number[] {
  const taken: number[] = [];
  for (let k = 0; k < rows.length && taken.length < most; k++) {
    const place = places[rows[k] as number] as number;
    if (place >= 0 && (open === null || open[place] === 1)) taken.push(place);
  }
  return taken;
}

/**
 * The retrieval stage of a model, as what a Ranker says of it; nothing for a model of a small catalogue, all of which is
 * ranked.
 * @param embedding made only for large ones, as it may need memory of its own.
 * @param most titles that are found.
 */
export function retrieving(
  items: readonly string[],
  most: number,
  embedding: () => Embedding,
  smallCatalogue = SMALL_CATALOGUE,
): {
  readonly retrieval?: Retrieval;
  readonly retrieve?: (request: DecisionRequest, open: Open) => readonly number[];
} {
  if (items.length <= smallCatalogue) return {};
  const retrieval = new Retrieval(embedding(), most, smallCatalogue);
  return { retrieval, retrieve: (request, open) => retrieval.retrieve(request, open) };
}
