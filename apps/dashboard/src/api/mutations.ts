import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult } from '@tanstack/react-query';
import { request } from './http.js';
import type { RequestOptions } from './http.js';

export interface Write {
  path: string;
  method?: RequestOptions['method'];
  body?: unknown;
  version?: number | undefined;
}

/**
 * Sends one write and refreshes every query whose path starts with one of `invalidates`. The audit log is
 * always refreshed: every write leaves an entry there.
 */
export function useWrite<T = unknown>(invalidates: readonly string[]): UseMutationResult<T, Error, Write> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, method = 'POST', body = {}, version }: Write) =>
      request<T>(path, { method, version, ...(method === 'DELETE' ? {} : { body }) }),
    onSuccess: () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) =>
          [...invalidates, '/v1/audit'].some((prefix) => String(queryKey[0]).startsWith(prefix)),
      }),
  });
}
