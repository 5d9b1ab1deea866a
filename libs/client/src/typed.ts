import type { AskOptions, Client } from './client.js';
import type { Answer, Json } from './types.js';

/** The surfaces of an app, each with what shows without an answer. */
export type Surfaces = Readonly<
  Record<
    string,
    | { readonly kind: 'value'; readonly fallback: Json }
    | { readonly kind: 'action'; readonly fallback: string }
    | { readonly kind: 'slate'; readonly fallback: readonly string[] }
  >
>;

/** What a surface gives. */
export type ValueOf<S extends Surfaces, K extends keyof S> = S[K]['kind'] extends 'slate'
  ? readonly string[]
  : S[K]['kind'] extends 'action'
    ? string
    : S[K]['fallback'];

/** A value surface; `value<'small' | 'big'>('small')` says which values there are. */
export const value = <const V extends Json>(fallback: V) => ({ kind: 'value', fallback }) as const;
export const action = (fallback: string) => ({ kind: 'action', fallback }) as const;
export const slate = (fallback: readonly string[]) => ({ kind: 'slate', fallback }) as const;

/**
 * Surfaces and their defaults in one place, so that a misspelt surface or a wrong type does not compile:
 * `const get = typed(client, { 'home.hero': value<'small' | 'big'>('small'), 'home.rows': slate(['new']) })`, then
 * `(await get('home.hero')).value` is `'small' | 'big'`. The server can still give another value of the same JSON type.
 */
export function typed<const S extends Surfaces>(client: Client, surfaces: S) {
  return <K extends keyof S & string>(surface: K, options?: AskOptions): Promise<Answer<ValueOf<S, K>>> => {
    // Past the types a surface may be unknown; nothing here throws.
    const { kind, fallback } = surfaces[surface] ?? { kind: 'value', fallback: null };
    const asked =
      kind === 'slate'
        ? client.slate(surface, fallback, options)
        : kind === 'action'
          ? client.action(surface, fallback, options)
          : client.value(surface, fallback, options);
    return asked as Promise<Answer<ValueOf<S, K>>>;
  };
}
