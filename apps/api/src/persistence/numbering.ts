/** Numbers texts in order of first appearance. */
export class Numbering {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  of(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.names.length;
      this.names.push(name);
      this.numbers.set(name, number);
    }
    return number;
  }

  /** The number of a text that has appeared, else undefined. */
  find(name: string): number | undefined {
    return this.numbers.get(name);
  }
}
