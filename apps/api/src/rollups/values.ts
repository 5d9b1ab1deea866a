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

/**
 * Parameters of a statement over events `ev`, with a small number for every name of an event that it asks for: each
 * measure looks at each event, and comparing texts there took a quarter of a roll-up.
 */
export class EventValues extends Values {
  private readonly codes = new Map<string, number>();
  /** Names of outcomes, and whether exposures, that count wherever they came about; others count for their decision alone. */
  private readonly anywhere = new Set<string>();
  private exposures: 'none' | 'attributed' | 'anywhere' = 'none';

  /**
   * Whether `ev` is an outcome of one of these names.
   * @param attributed what asks for it takes it only where `ev.attributed`.
   */
  isOutcome(names: readonly string[], attributed = false): string {
    const codes = new Set(
      names.map((name) => {
        const code = this.codes.get(name) ?? this.codes.size + 1;
        this.codes.set(name, code);
        if (!attributed) this.anywhere.add(name);
        return code;
      }),
    );
    return codes.size === 1 ? `ev.code = ${[...codes].join()}` : `ev.code in (${[...codes].join(', ')})`;
  }

  /** Whether `ev` is an exposure. @param attributed as of `isOutcome`. */
  isExposure(attributed = false): string {
    if (!attributed) this.exposures = 'anywhere';
    else if (this.exposures === 'none') this.exposures = 'attributed';
    return `ev.code = ${EXPOSURE_CODE}`;
  }

  /** Whether anything asks for the event `e`, once all names are known: most exposures and many outcomes are nobody's. */
  isAskedFor(): string {
    return this.isOneOf([...this.codes.keys()], this.exposures !== 'none');
  }

  /** Whether anything asks for the event `e` although it is not attributed. */
  isAskedForAnywhere(): string {
    return this.isOneOf([...this.anywhere], this.exposures === 'anywhere');
  }

  private isOneOf(names: readonly string[], exposures: boolean): string {
    const outcomes = `e.kind = 'outcome' and e.name = any(${this.add(names, 'names')}::text[])`;
    return exposures ? `(${outcomes} or e.kind = 'exposure')` : `(${outcomes})`;
  }

  /** The column `ev.code` of an event `e`, once all names are known. */
  codeOfEvent(): string {
    const names = this.add([...this.codes.keys()], 'names');
    return `case e.kind when 'outcome' then array_position(${names}::text[], e.name) when 'exposure' then ${EXPOSURE_CODE} end`;
  }
}

/** The `code` of exposures; outcomes count from 1. */
export const EXPOSURE_CODE = 0;
