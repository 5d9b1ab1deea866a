import { useCallback, useEffect } from 'react';
import { useSearchParams } from 'react-router';

/**
 * Parameters that have been set and are not in the address yet: the router gets there after the event handler, and what
 * the same handler sets next has to begin from here. Of all components, because they share the address.
 */
let pending: URLSearchParams | null = null;

/**
 * The query parameters, and changing them: the change is given what is there by then. Several calls before the page has
 * followed add up, also those of different components.
 */
export function useUrlChange(): [URLSearchParams, (change: (next: URLSearchParams) => void) => void] {
  const [params, setParams] = useSearchParams();
  useEffect(() => {
    pending = null;
  }, [params]);
  const apply = useCallback(
    (change: (next: URLSearchParams) => void) => {
      const next = new URLSearchParams(pending ?? window.location.search);
      change(next);
      pending = next;
      setParams(next, { replace: true, preventScrollReset: true });
    },
    [setParams],
  );
  return [params, apply];
}

/** Query parameters as state, so that every view has an address that can be shared. Null and empty values leave it. */
export function useUrlParams(): [URLSearchParams, (name: string, value: string | null) => void] {
  const [params, change] = useUrlChange();
  const set = useCallback(
    (name: string, value: string | null) =>
      change((next) => {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }),
    [change],
  );
  return [params, set];
}

/** One of them. */
export function useUrlState(name: string): [string, (value: string | null) => void] {
  const [params, setParam] = useUrlParams();
  const set = useCallback((value: string | null) => setParam(name, value), [name, setParam]);
  return [params.get(name) ?? '', set];
}
