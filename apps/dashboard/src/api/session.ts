import { useSyncExternalStore } from 'react';

/**
 * The API key of this browser tab. A local session needs none: the dashboard's server adds it. Where the API
 * answers 401, the page asks for a key and keeps it in sessionStorage, so that it ends with the tab.
 */
const STORAGE_KEY = 'marquee-api-key';

interface Session {
  readonly key: string | null;
  /** Set once the API refused a request for want of a (valid) key. */
  readonly refused: boolean;
}

const listeners = new Set<() => void>();
let session: Session = { key: stored(), refused: false };

function stored(): string | null {
  try {
    return sessionStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

function change(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function currentKey(): string | null {
  return session.key;
}

/** Remembers a key for this tab. */
export function signIn(key: string): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    // Without storage the key lives as long as the page.
  }
  change({ key, refused: false });
}

/** Forgets the key; the next request decides whether one is needed. */
export function signOut(): void {
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // Nothing was stored.
  }
  change({ key: null, refused: true });
}

/** Called by the HTTP client on 401. */
export function refuse(): void {
  if (!session.refused) change({ ...session, refused: true });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session {
  return useSyncExternalStore(subscribe, () => session);
}
