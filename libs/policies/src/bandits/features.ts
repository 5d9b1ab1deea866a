import type { Context } from '#experiments';

const LONGEST_VALUE = 100;
const LONGEST_LIST = 32;
/** Attributes meant for recommenders, not for linear models. */
const SKIPPED = new Set(['history']);

export type Emit = (name: string, value: number) => void;

/**
 * Names the features of a flat context: a finite number is itself (limited to +-limit), a boolean 0 or 1, a text
 * `key=value` with value 1, a list one such feature per entry. null, NaN and infinities count as missing: nothing.
 * @param only the attributes to look at; undefined: all but `history`.
 */
export function eachFeature(context: Context, limit: number, emit: Emit, only?: ReadonlySet<string>): void {
  for (const key of Object.keys(context)) {
    if (only === undefined ? SKIPPED.has(key) : !only.has(key)) continue;
    const value = context[key];
    if (typeof value === 'number') {
      if (Number.isFinite(value)) emit(key, Math.max(-limit, Math.min(limit, value)));
    } else if (typeof value === 'boolean') {
      emit(key, value ? 1 : 0);
    } else if (typeof value === 'string') {
      emit(`${key}=${value.slice(0, LONGEST_VALUE)}`, 1);
    } else if (Array.isArray(value)) {
      for (const entry of value.slice(0, LONGEST_LIST))
        emit(`${key}=${String(entry).slice(0, LONGEST_VALUE)}`, 1);
    }
  }
}

/** Adds the names it has not seen, first come first served, up to `capacity` in all. Same array when none is new. */
export function learnNames(
  known: readonly string[],
  seen: Iterable<string>,
  capacity: number,
): readonly string[] {
  const names = new Set(known);
  for (const name of seen) {
    if (names.size >= capacity) break;
    names.add(name);
  }
  return names.size === known.length ? known : [...names];
}

/** What a policy looks at in the context, as its parameters say it. */
interface ContextFeatures {
  readonly attributes: readonly string[];
  readonly featureLimit: number;
  readonly maxContextFeatures: number;
}

/** Adds the names of the context features that a batch brings. Same array when none is new. */
export function learnContextNames(
  known: readonly string[],
  batch: readonly { readonly context: Context }[],
  { attributes, featureLimit, maxContextFeatures }: ContextFeatures,
): readonly string[] {
  const only = attributes.length > 0 ? new Set(attributes) : undefined;
  const seen: string[] = [];
  for (const { context } of batch) eachFeature(context, featureLimit, (name) => seen.push(name), only);
  return learnNames(known, seen, maxContextFeatures);
}

/** Feature vectors over a fixed list of names, with a constant 1 first: [1, x_1 ... x_n]. Unknown names are ignored. */
export class FeatureIndex {
  private readonly position: ReadonlyMap<string, number>;
  readonly size: number;

  constructor(
    private readonly names: readonly string[],
    readonly limit: number,
  ) {
    this.position = new Map(names.map((name, index) => [name, index + 1]));
    this.size = names.length + 1;
  }

  /**
   * @param unknown called for every feature that is not in the list; with `only`, for those of its attributes.
   */
  vector(context: Context, unknown?: (name: string) => void, only?: ReadonlySet<string>): Float64Array {
    return this.fill(new Float64Array(this.size), context, unknown, only);
  }

  /** As `vector`, into `x`, which holds zeros. */
  fill(
    x: Float64Array,
    context: Context,
    unknown?: (name: string) => void,
    only?: ReadonlySet<string>,
  ): Float64Array {
    x[0] = 1;
    const { limit, names, position } = this;
    // Contexts mostly come with their attributes in one order, that in which the names were learned.
    let next = 0;
    for (const key in context) {
      const value = context[key];
      // Most features are numbers: these skip the general path.
      if (typeof value === 'number') {
        const i = names[next] === key ? next + 1 : position.get(key);
        if (i !== undefined) next = i;
        if (i !== undefined && value - value === 0)
          x[i] = value > limit ? limit : value < -limit ? -limit : value;
        else if (unknown !== undefined) this.name(key, value, x, unknown, only);
      } else if (value !== undefined && value !== null) this.name(key, value, x, unknown, only);
    }
    return x;
  }

  /** One attribute by the rules of eachFeature. */
  private name(
    key: string,
    value: NonNullable<Context[string]>,
    x: Float64Array,
    unknown: ((name: string) => void) | undefined,
    only: ReadonlySet<string> | undefined,
  ): void {
    eachFeature(
      { [key]: value },
      this.limit,
      (name, number) => {
        const i = this.position.get(name);
        if (i !== undefined) x[i] = number;
        else unknown?.(name);
      },
      only,
    );
  }

  /** Sum of squares of the features that are not in the list. */
  unseenSquares(context: Context): number {
    let sum = 0;
    eachFeature(context, this.limit, (name, value) => {
      if (!this.position.has(name)) sum += value * value;
    });
    return sum;
  }
}

const indexes = new WeakMap<readonly string[], FeatureIndex>();

/** The index of a list of names, made once for as long as the list lives: snapshots that follow each other share it. */
export function featureIndexOf(names: readonly string[], limit: number): FeatureIndex {
  const known = indexes.get(names);
  if (known?.limit === limit) return known;
  const index = new FeatureIndex(names, limit);
  indexes.set(names, index);
  return index;
}
