import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Query parameters as state, so that every view has an address that can be shared. Null and empty values leave it. */
export function useUrlParams(): [URLSearchParams, (name: string, value: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (name: string, value: string | null) => {
      setParams(
        (current) => {
          const next = new URLSearchParams(current);
          if (value === null || value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true, preventScrollReset: true },
      );
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
