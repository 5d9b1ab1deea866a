import { Button, Skeleton, Stack } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { ApiError } from '../api/http.js';
import { time } from '../format/index.js';
import { StateMessage } from './state-message.js';
import styles from './query-boundary.module.css';

interface QueryBoundaryProps<T> {
  query: UseQueryResult<T>;
  /** What the data is called in messages: "experiments". */
  what: string;
  /** Lines of the loading skeleton, about as high as the content. */
  lines?: number;
  isEmpty?: (data: T) => boolean;
  empty?: ReactNode;
  children: (data: T) => ReactNode;
}

interface Explanation {
  title: string;
  text: string;
}

/** What an error means to the reader and what they can do. */
export function explain(error: Error, what: string): Explanation {
  if (!(error instanceof ApiError)) return { title: `Could not show ${what}`, text: error.message };
  if (error.status === 0 || error.code === 'api_unreachable') {
    return {
      title: 'The API does not answer',
      text: 'Treatments already decided are not affected. It is asked again when you retry.',
    };
  }
  if (error.status === 401)
    return { title: 'Sign-in needed', text: 'This page needs an API key with the secret or admin role.' };
  if (error.status === 403)
    return {
      title: 'Not allowed with this key',
      text: `${error.message} Sign in with a key of a higher role.`,
    };
  if (error.status === 404) return { title: `No such ${what}`, text: error.message };
  return { title: `Could not load ${what}`, text: error.message };
}

/** Loading, error, empty and stale states of one query; its children only ever see data. */
export function QueryBoundary<T>(props: QueryBoundaryProps<T>): ReactElement {
  const { query, what, lines = 5, isEmpty, empty, children } = props;
  if (query.data === undefined) {
    if (query.isError) return <Failed error={query.error} what={what} retry={() => void query.refetch()} />;
    return <Loading what={what} lines={lines} />;
  }
  if (isEmpty?.(query.data) === true) return <>{empty ?? <StateMessage title={`No ${what} yet`} />}</>;
  return (
    <>
      {query.isError ? <Stale query={query} what={what} /> : null}
      {children(query.data)}
    </>
  );
}

function Loading({ what, lines }: { what: string; lines: number }): ReactElement {
  return (
    <Stack gap="sm" p="md" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} height={14} width={`${[96, 82, 90, 68, 88][line % 5] ?? 80}%`} radius="sm" />
      ))}
    </Stack>
  );
}

export function Failed({
  error,
  what,
  retry,
}: {
  error: Error;
  what: string;
  retry: () => void;
}): ReactElement {
  const { title, text } = explain(error, what);
  const requestId = error instanceof ApiError ? error.requestId : null;
  return (
    <StateMessage
      role="alert"
      icon="warning"
      title={title}
      action={
        <Button variant="default" size="xs" onClick={retry}>
          Try again
        </Button>
      }
    >
      {text}
      {requestId === null ? null : <div className={styles.request}>Request {requestId}</div>}
    </StateMessage>
  );
}

function Stale<T>({ query, what }: { query: UseQueryResult<T>; what: string }): ReactElement {
  return (
    <p className={styles.stale} role="status">
      Showing {what} as of {time(new Date(query.dataUpdatedAt).toISOString())}: the last refresh failed.{' '}
      <button type="button" className={styles.retry} onClick={() => void query.refetch()}>
        Refresh now
      </button>
    </p>
  );
}
