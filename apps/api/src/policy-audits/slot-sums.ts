/** What is known of one place of the slates: of a slate only the propensities of what was placed are logged. */
export interface SlotFindings {
  /** 0-based. */
  readonly slot: number;
  readonly placed: number;
  /** Mean of 1 / (open actions x propensity): 1 where every open action could be placed, less where some could not. */
  readonly meanWeight: number;
  readonly largestWeight: number;
  readonly effectiveSampleSize: number;
}

export interface SlateFindings {
  readonly slates: number;
  /** Slates whose propensity is not the product of those of their places, or whose places hold what is no probability. */
  readonly mismatched: number;
  readonly slots: readonly SlotFindings[];
}

interface Slot {
  placed: number;
  weights: number;
  squares: number;
  largest: number;
}

const MOST_SLOTS = 20;
const TOLERANCE = 1e-6;
/** A product of many places may leave the range of doubles; serving then logs the least number it may. */
const LEAST = 1e-290;

/** Sums up logged slates, one after the other. */
export class SlotSums {
  private slates = 0;
  mismatched = 0;
  private readonly slots: Slot[] = [];

  add(propensities: readonly number[], joint: number, candidates: number): void {
    this.slates += 1;
    const product = propensities.reduce((all, p) => all * p, 1);
    const valid = propensities.every((p) => p > 0 && p <= 1 + TOLERANCE);
    if (!valid || (product > LEAST && Math.abs(product - joint) > TOLERANCE * joint)) {
      this.mismatched += 1;
      return;
    }
    propensities.slice(0, MOST_SLOTS).forEach((p, place) => {
      const slot = (this.slots[place] ??= { placed: 0, weights: 0, squares: 0, largest: 0 });
      const weight = 1 / ((candidates - place) * p);
      slot.placed += 1;
      slot.weights += weight;
      slot.squares += weight * weight;
      slot.largest = Math.max(slot.largest, weight);
    });
  }

  result(): SlateFindings {
    return {
      slates: this.slates,
      mismatched: this.mismatched,
      slots: this.slots.map(({ placed, weights, squares, largest }, slot) => ({
        slot,
        placed,
        meanWeight: weights / placed,
        largestWeight: largest,
        effectiveSampleSize: (weights * weights) / squares,
      })),
    };
  }
}
