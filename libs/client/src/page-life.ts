interface Page {
  readonly visibilityState?: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Calls back when the page is hidden, the last moment that a browser surely grants, and when it goes away; and when it is
 * in view or online again.
 * @returns stops listening.
 */
export function onPage(hidden: () => void, back: () => void): () => void {
  const { document: page, window } = globalThis as { document?: Page; window?: Page };
  const whenTurned = (): void => (page?.visibilityState === 'hidden' ? hidden : back)();
  page?.addEventListener('visibilitychange', whenTurned);
  window?.addEventListener?.('pagehide', hidden);
  window?.addEventListener?.('online', back);
  return () => {
    page?.removeEventListener('visibilitychange', whenTurned);
    window?.removeEventListener?.('pagehide', hidden);
    window?.removeEventListener?.('online', back);
  };
}
