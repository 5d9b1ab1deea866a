interface Page {
  readonly visibilityState?: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/**
 * Calls back when the page is hidden, the last moment that a browser surely grants, and when it goes away.
 * @returns stops listening.
 */
export function onPageHide(callback: () => void): () => void {
  const { document: page, window } = globalThis as { document?: Page; window?: Page };
  const whenHidden = (): void => {
    if (page?.visibilityState === 'hidden') callback();
  };
  page?.addEventListener('visibilitychange', whenHidden);
  window?.addEventListener?.('pagehide', callback);
  return () => {
    page?.removeEventListener('visibilitychange', whenHidden);
    window?.removeEventListener?.('pagehide', callback);
  };
}
