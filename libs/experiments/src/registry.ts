import { DomainError } from './errors.js';

export interface Keyed {
  readonly key: string;
}

export interface Registry<T extends Keyed> {
  /** @throws DomainError `unknown_key` naming the known keys. */
  get(key: string): T;
  find(key: string): T | undefined;
  list(): readonly T[];
}

/**
 * An immutable lookup by key: adding a thing to the product is one file and one entry of the array given here.
 * @throws DomainError `duplicate_key` when two entries share a key.
 */
export function createRegistry<T extends Keyed>(name: string, entries: readonly T[]): Registry<T> {
  const byKey = new Map<string, T>();
  for (const entry of entries) {
    if (byKey.has(entry.key)) {
      throw new DomainError('duplicate_key', `${name}: the key "${entry.key}" is registered twice`);
    }
    byKey.set(entry.key, entry);
  }
  return {
    find: (key) => byKey.get(key),
    list: () => entries,
    get(key) {
      const entry = byKey.get(key);
      if (!entry) {
        throw new DomainError(
          'unknown_key',
          `${name} "${key}" is not known; known are ${[...byKey.keys()].join(', ')}`,
        );
      }
      return entry;
    },
  };
}
