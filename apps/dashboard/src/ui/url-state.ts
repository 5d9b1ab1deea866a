import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** One query parameter as state, so that every view has an address that can be shared. */
export function useUrlState(name: string): [string, (value: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string | null) => {
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
    [name, setParams],
  );
  return [params.get(name) ?? '', set];
}
