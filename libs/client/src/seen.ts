import type { Client } from './client.js';

/** What of a DOM element, its observer and its document is used. */
type Observed = object;
interface Observer {
  observe(target: Observed): void;
  disconnect(): void;
}
type ObserverClass = new (
  callback: (
    entries: readonly { readonly isIntersecting: boolean; readonly intersectionRatio: number }[],
  ) => void,
  options: { readonly threshold: readonly number[] },
) => Observer;

export interface SeenOptions {
  /** Part of the element that must be in view, 0 to 1. Default 0.5. */
  readonly ratio?: number;
  /** For how long without a break, ms. Default 500. */
  readonly ms?: number;
  /** 0-based place in the slate, or the action that is seen. */
  readonly position?: number;
  readonly actionId?: string;
}

/**
 * Exposes a decision once its element was in view: `ratio` of it for `ms` without a break, in a page that is not hidden.
 * Exposes once, and nothing for a null decision: a default that stood in for an answer is never an exposure. Without an
 * IntersectionObserver (very old browsers) it exposes at once.
 * @param element a DOM element (null: nothing is watched); one taller than the view counts when it fills `ratio` of what it can.
 * @returns stops watching.
 */
export function exposeWhenSeen(
  client: Pick<Client, 'expose'>,
  element: Observed | null,
  decisionId: string | null,
  options: SeenOptions = {},
): () => void {
  const { ratio = 0.5, ms = 500, ...details } = options;
  if (decisionId === null || element === null) return () => undefined;
  const { IntersectionObserver: Class, document } = globalThis as {
    IntersectionObserver?: ObserverClass;
    document?: { readonly visibilityState?: string };
  };
  if (Class === undefined) {
    client.expose(decisionId, details);
    return () => undefined;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    observer.disconnect();
  };
  const wait = (): void => {
    timer = setTimeout(() => {
      if (document?.visibilityState === 'hidden') return wait();
      stop();
      client.expose(decisionId, details);
    }, ms);
  };
  const observer = new Class(
    (entries) => {
      const last = entries[entries.length - 1];
      clearTimeout(timer);
      if (last?.isIntersecting && last.intersectionRatio >= ratio) wait();
    },
    { threshold: [0, ratio] },
  );
  observer.observe(element);
  return stop;
}
