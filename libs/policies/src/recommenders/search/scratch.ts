import { WIDTH } from './documents.js';

/** Numbers per title that are 0 unless written, and written back to 0 by what was touched: a request costs what it finds. */
class Sparse {
  readonly values: Float32Array;
  touched: number[] = [];

  constructor(length: number) {
    this.values = new Float32Array(length);
  }

  raise(place: number, value: number): void {
    const old = this.values[place] as number;
    if (value <= old) return;
    if (old === 0) this.touched.push(place);
    this.values[place] = value;
  }

  add(place: number, value: number): void {
    if (value === 0) return;
    const old = this.values[place] as number;
    if (old === 0) this.touched.push(place);
    this.values[place] = old + value;
  }

  clear(): void {
    for (const place of this.touched) this.values[place] = 0;
    this.touched = [];
  }
}

/** What one question writes; the next one clears it. */
export class Scratch {
  /** Best meaning of one word, per title and field. */
  readonly best: Sparse;
  /** Sum over words, per title and field. */
  readonly fields: Sparse;
  /** Sum over words of the best field, per title. */
  readonly covered: Sparse;
  private readonly words: Sparse[] = [];

  constructor(private readonly titles: number) {
    this.best = new Sparse(titles * WIDTH);
    this.fields = new Sparse(titles * WIDTH);
    this.covered = new Sparse(titles);
  }

  /** How much each title says of the n-th word. */
  word(n: number): Sparse {
    while (this.words.length <= n) this.words.push(new Sparse(this.titles));
    return this.words[n] as Sparse;
  }

  clear(): void {
    this.best.clear();
    this.fields.clear();
    this.covered.clear();
    for (const word of this.words) word.clear();
  }
}
