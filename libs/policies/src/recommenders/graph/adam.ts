/** Settings of Adam with L2 regularisation in the gradient. */
export interface AdamSettings {
  readonly decay: number;
}

const MEAN = 0.9;
const SQUARE = 0.999;
const TINY = 1e-8;

/** One array of weights under Adam (Kingma, Ba 2015). */
export class Adam {
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private steps = 0;

  constructor(
    private readonly weights: Float64Array,
    private readonly settings: AdamSettings,
  ) {
    this.mean = new Float64Array(weights.length);
    this.square = new Float64Array(weights.length);
  }

  /** Moves the weights against the gradient by at most about `rate` each, and sets the gradient back to 0. */
  step(gradient: Float64Array, rate: number): void {
    this.steps++;
    const { weights, mean, square } = this;
    const { decay } = this.settings;
    const meanScale = 1 / (1 - MEAN ** this.steps);
    const squareScale = 1 / (1 - SQUARE ** this.steps);
    for (let i = 0; i < weights.length; i++) {
      const g = (gradient[i] as number) + decay * (weights[i] as number);
      const m = MEAN * (mean[i] as number) + (1 - MEAN) * g;
      const s = SQUARE * (square[i] as number) + (1 - SQUARE) * g * g;
      mean[i] = m;
      square[i] = s;
      weights[i] = (weights[i] as number) - (rate * m * meanScale) / (Math.sqrt(s * squareScale) + TINY);
      gradient[i] = 0;
    }
  }
}
