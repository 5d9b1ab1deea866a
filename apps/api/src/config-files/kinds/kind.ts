import type { z } from 'zod';
import type { Json } from '#experiments';
import type { ManagedKind, ManagedPart } from '../../access/managed.js';
import type { Acting } from '../../http/acting.js';
import { canonicalJson } from '../../persistence/canonical.js';
import type { Database, Transaction } from '../../persistence/database.js';

/** One transaction in which files are applied, or tried and taken back. */
export interface Run {
  /** Joined to the transaction. */
  readonly db: Database;
  readonly tx: Transaction;
  readonly acting: Acting;
  /** What becomes of units that are in an experiment whose allocation changes. */
  readonly existing: 'move' | 'keep';
  readonly overrideGate?: string | undefined;
}

/** What files say of one thing. */
export type Spec = Readonly<Record<string, unknown>>;

export interface Stored<S = Spec> {
  readonly key: string;
  readonly spec: S;
  /** What else a plan depends on, such as whether an experiment runs. */
  readonly state: Json;
  /** Parts that files say already: an export says them as well where they are as by default. */
  readonly told?: readonly ManagedPart[];
}

/** What one allocation of an experiment gives to whom. */
export interface Allocation {
  /** Of all units that the experiment is on, before targeting. */
  readonly share: number;
  /** Of those, by arm, as realised. */
  readonly arms: readonly { readonly key: string; readonly share: number }[];
}

export interface TrafficEffect {
  /** Null: nobody was in it. */
  readonly before: Allocation | null;
  readonly after: Allocation;
  /** Shares of the units that are in it; null: it takes no units, or targeting changes and nobody can tell. */
  readonly moves: {
    readonly stay: number;
    readonly moved: number;
    readonly left: number;
    readonly joined: number;
  } | null;
  /** Units in it now, and about how many change arm or fall out. */
  readonly units: { readonly inIt: number; readonly touched: number | null };
}

/** What a change means besides the fields that differ. */
export interface Effect {
  readonly prose: readonly string[];
  readonly traffic?: TrafficEffect;
}

/** One kind of thing that files can hold. One file and one line in index.ts each. */
export interface ConfigKind<S = Spec> {
  readonly kind: ManagedKind;
  /** The field of a file that holds a list of them. */
  readonly list: string;
  readonly schema: z.ZodType<S>;
  /** Fields that a file may leave to people, with their schemas. */
  readonly parts?: Readonly<Partial<Record<ManagedPart, z.ZodType>>>;
  keyOf(spec: S): string;
  /** Keys of the same kind that have to be there before. */
  needs?(spec: S): readonly string[];
  /** What is there of the keys, or all that an export tells. Locks what it reads where keys are given. */
  read(run: Pick<Run, 'db' | 'tx'>, keys: readonly string[] | null): Promise<readonly Stored<S>[]>;
  /** The spec with everything that a file may leave to what is there, or to the key. */
  settle?(wanted: S, stored: S | null): S;
  /** The spec with what something else than files decides at the moment. */
  held?(settled: S, stored: Stored<S>): S;
  /** What a file says and is not done, for people. */
  notes?(wanted: S, stored: Stored<S>): readonly string[];
  create(run: Run, spec: S): Promise<Effect>;
  /** @param fields whose values differ. */
  change(run: Run, stored: Stored<S>, spec: S, fields: readonly string[]): Promise<Effect>;
}

/** A kind among those of other shapes: it only ever meets its own specs. */
export const anyKind = <S extends object>(kind: ConfigKind<S>): ConfigKind => kind as unknown as ConfigKind;

export const NO_EFFECT: Effect = { prose: [] };

/** The fields of a schema out of a row or view, as JSON, with what the schema fills in. */
export function specOf<S>(schema: z.ZodType<S> & { readonly shape: object }, view: object): S {
  const fields = Object.keys(schema.shape);
  const picked: unknown = JSON.parse(
    JSON.stringify(Object.fromEntries(Object.entries(view).filter(([field]) => fields.includes(field)))),
  );
  const parsed = schema.safeParse(picked);
  // What an older version stored and this one would refuse is still told as it is.
  return parsed.success ? parsed.data : (picked as S);
}

export const sameJson = (a: unknown, b: unknown): boolean =>
  canonicalJson((a ?? null) as Json) === canonicalJson((b ?? null) as Json);

/** Fields whose values differ, in the order of the first, then of the second. */
export function differingFields(before: object, after: object): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const [a, b] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return names.filter((name) => !sameJson(a[name], b[name]));
}

/** For `where key = any($1)`: null reads all. */
export const wantedKeys = (keys: readonly string[] | null): readonly string[] | null =>
  keys === null ? null : [...new Set(keys)].sort();
