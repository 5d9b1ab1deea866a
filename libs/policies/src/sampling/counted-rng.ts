import type { Rng } from '#experiments';

/** A stream of chance that knows how far it is, so that another one of the same seed can be brought to the same place. */
export class CountedRng {
  private drawn = 0;

  constructor(private readonly rng: Rng) {}

  get place(): number {
    return this.drawn;
  }

  uniform(): number {
    this.drawn++;
    return this.rng.uniform();
  }

  below(n: number): number {
    this.drawn++;
    return this.rng.below(n);
  }

  /** Brings a stream that nothing was drawn from yet to a place. */
  skipTo(place: number): void {
    while (this.drawn < place) this.uniform();
  }
}

/** What draws evenly spread numbers. */
export type Uniforms = Pick<Rng, 'uniform' | 'below'>;
