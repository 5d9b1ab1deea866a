/**
 * Positional parameters of one statement: every text of a definition travels as a value, never as SQL. Equal values
 * share a parameter, so that PostgreSQL sees equal aggregates and computes them once.
 */
export class Values {
  readonly list: unknown[] = [];
  private readonly known = new Map<string, string>();

  /** @param type values of different types of PostgreSQL share nothing, even if they look alike. */
  add(value: unknown, type = value instanceof Date ? 'time' : typeof value): string {
    const text = `${type} ${JSON.stringify(value)}`;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    this.list.push(value);
    const place = `$${this.list.length}`;
    this.known.set(text, place);
    return place;
  }
}
