const BINS = 10;
const LEAST = 1e-12;
/** Beyond it a slope says that nearly the same was stated for all. */
const STEEPEST = 100;

/** How good stated probabilities were. */
export interface BinaryFigures {
  readonly cases: number;
  /** Share that happened, and mean of what was stated. */
  readonly observed: number;
  readonly stated: number;
  readonly logLoss: number;
  readonly brier: number;
  /** Mean distance of observed from stated in ten classes of equal size by what was stated. */
  readonly calibrationError: number;
  /** Of a logistic regression of what happened on the stated log-odds: 1 is calibrated, below 1 too bold; null: not to be told. */
  readonly slope: number | null;
  /** Chance that a case that happened had the higher statement; 0.5 says nothing. */
  readonly auc: number;
}

/** Collects stated probabilities and what happened. */
export class BinaryScore {
  private readonly stated: number[] = [];
  private readonly happened: number[] = [];

  add(probability: number, happened: boolean): void {
    this.stated.push(Math.min(1 - LEAST, Math.max(LEAST, probability)));
    this.happened.push(happened ? 1 : 0);
  }

  figures(): BinaryFigures {
    const n = this.stated.length;
    const sum = (term: (p: number, y: number) => number): number =>
      this.stated.reduce((total, p, i) => total + term(p, this.happened[i] as number), 0);
    const order = [...this.stated.keys()].sort(
      (a, b) => (this.stated[a] as number) - (this.stated[b] as number),
    );
    return {
      cases: n,
      observed: sum((_, y) => y) / n,
      stated: sum((p) => p) / n,
      logLoss: -sum((p, y) => (y === 1 ? Math.log(p) : Math.log1p(-p))) / n,
      brier: sum((p, y) => (p - y) ** 2) / n,
      calibrationError: this.calibrationError(order),
      slope: this.slope(),
      auc: this.auc(order),
    };
  }

  private calibrationError(order: readonly number[]): number {
    let error = 0;
    for (let bin = 0; bin < BINS; bin++) {
      const own = order.slice(
        Math.floor((bin * order.length) / BINS),
        Math.floor(((bin + 1) * order.length) / BINS),
      );
      const gap = own.reduce(
        (total, i) => total + (this.stated[i] as number) - (this.happened[i] as number),
        0,
      );
      error += Math.abs(gap) / order.length;
    }
    return error;
  }

  /** Newton's method on intercept and slope. */
  private slope(): number | null {
    let [a, b] = [0, 1];
    for (let step = 0; step < 25; step++) {
      let [ga, gb, haa, hab, hbb] = [0, 0, 1e-9, 0, 1e-9];
      this.stated.forEach((p, i) => {
        const x = Math.log(p / (1 - p));
        const mean = 1 / (1 + Math.exp(-(a + b * x)));
        const error = (this.happened[i] as number) - mean;
        const weight = mean * (1 - mean);
        ga += error;
        gb += error * x;
        haa += weight;
        hab += weight * x;
        hbb += weight * x * x;
      });
      const determinant = haa * hbb - hab * hab;
      // All statements alike: there is no slope to find.
      if (determinant <= 1e-9 * haa * hbb) return null;
      const change = (haa * gb - hab * ga) / determinant;
      a += (hbb * ga - hab * gb) / determinant;
      b += change;
      if (Math.abs(change) < 1e-9) break;
    }
    return Math.abs(b) <= STEEPEST ? b : null;
  }

  /** From ranks, equal statements sharing theirs (Mann and Whitney 1947). */
  private auc(order: readonly number[]): number {
    let [positives, ranks] = [0, 0];
    for (let i = 0; i < order.length;) {
      let j = i;
      let own = 0;
      while (j < order.length && this.stated[order[j] as number] === this.stated[order[i] as number])
        own += this.happened[order[j++] as number] as number;
      positives += own;
      ranks += own * ((i + j + 1) / 2);
      i = j;
    }
    const negatives = order.length - positives;
    if (positives === 0 || negatives === 0) return 0.5;
    return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
  }
}

/**
 * Share of waits that are longer than so many hours, the last waits censored at `until` (Kaplan and Meier 1958).
 * @param members visits of each, oldest first.
 */
export function survivalOf(
  members: readonly (readonly number[])[],
  until: number,
): (hours: number) => number {
  const waits = members.flatMap((visits) =>
    visits.map((at, i) => ({
      hours: ((visits[i + 1] ?? until) - at) / 3_600_000,
      ended: i + 1 < visits.length,
    })),
  );
  waits.sort((a, b) => a.hours - b.hours);
  const [at, left]: [number[], number[]] = [[], []];
  let survival = 1;
  waits.forEach(({ hours, ended }, i) => {
    if (ended) survival *= 1 - 1 / (waits.length - i);
    at.push(hours);
    left.push(Math.max(LEAST, survival));
  });
  return (hours) => {
    let [low, high] = [0, at.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((at[middle] as number) <= hours) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 1 : (left[low - 1] as number);
  };
}
