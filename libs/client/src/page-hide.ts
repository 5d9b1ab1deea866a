interface Page {
  readonly visibilityState?: string;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** Calls back when the page is hidden, the last moment that a browser surely grants. @returns stops listening. */
export function onPageHide(callback: () => void): () => void {
  const page = (globalThis as { document?: Page }).document;
  const whenHidden = (): void => {
    if (page?.visibilityState === 'hidden') callback();
  };
  page?.addEventListener('visibilitychange', whenHidden);
  return () => page?.removeEventListener('visibilitychange', whenHidden);
}
