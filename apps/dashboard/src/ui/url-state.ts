import { useCallback, useEffect } from 'react';
import { useSearchParams } from 'react-router';

/**
 * Parameters that have been set and are not in the address yet: the router gets there after the event handler, and what
 * the same handler sets next has to begin from here. Of all components, because they share the address.
 */
let pending: URLSearchParams | null = null;

/**
 * Query parameters as state, so that every view has an address that can be shared. Null and empty values leave it.
 * Several calls in one handler add up, also those of different components.
 */
export function useUrlParams(): [URLSearchParams, (name: string, value: string | null) => void] {
  const [params, setParams] = useSearchParams();
  useEffect(() => {
    pending = null;
  }, [params]);
  const set = useCallback(
    (name: string, value: string | null) => {
      const next = new URLSearchParams(pending ?? window.location.search);
      if (value === null || value === '') next.delete(name);
      else next.set(name, value);
      pending = next;
      setParams(next, { replace: true, preventScrollReset: true });
    },
    [setParams],
  );
  return [params, set];
}

/** One of them. */
export function useUrlState(name: string): [string, (value: string | null) => void] {
  const [params, setParam] = useUrlParams();
  const set = useCallback((value: string | null) => setParam(name, value), [name, setParam]);
  return [params.get(name) ?? '', set];
}
