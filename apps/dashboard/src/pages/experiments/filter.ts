import { useCallback, useMemo } from 'react';
import { LIST_FIELDS } from '../../api/experiment-list.js';
import type { ListField, ListQuery, SavedView } from '../../api/experiment-list.js';
import { useUrlChange } from '../../ui/url-state.js';

/** Parameter that says which saved view is looked at; `all` is the list without any. */
const VIEW = 'view';
export const EVERYTHING = 'all';

/** States of the usual list: what is archived shows only when it is asked for. */
const USUAL_STATES = 'running,paused,scheduled,draft,stopped,shipped';

export interface Filter {
  /** As it stands in the address. */
  value: ListQuery;
  /** What the API is asked: the address with what it leaves open. */
  asked: ListQuery;
  view: string | null;
  /** Nothing is in the address: a saved view may open. */
  untouched: boolean;
  /** Whether anything narrows the list. */
  active: boolean;
  set: (changes: ListQuery) => void;
  open: (view: Pick<SavedView, 'id' | 'query'>) => void;
  clear: () => void;
}

const NARROWING = LIST_FIELDS.filter((field) => field !== 'sort' && field !== 'order');

/** The list's filter and order, kept in the address. */
export function useFilter(): Filter {
  const [params, change] = useUrlChange();
  const value = useMemo<ListQuery>(
    () =>
      Object.fromEntries(
        LIST_FIELDS.flatMap((field) => {
          const given = params.get(field) ?? '';
          return given === '' ? [] : [[field, given] as [ListField, string]];
        }),
      ),
    [params],
  );
  const set = useCallback(
    (changes: ListQuery) =>
      change((next) => {
        for (const [field, given] of Object.entries(changes))
          if (given === '') next.delete(field);
          else next.set(field, given);
        // Nothing left is a choice, too: no saved view may open over it.
        if (next.size === 0) next.set(VIEW, EVERYTHING);
      }),
    [change],
  );
  const turnTo = useCallback(
    (query: Readonly<Record<string, string>>) =>
      change((next) => {
        for (const name of [...next.keys()]) next.delete(name);
        for (const [name, given] of Object.entries(query)) next.set(name, given);
      }),
    [change],
  );
  const open = useCallback(
    ({ id, query }: Pick<SavedView, 'id' | 'query'>) => turnTo({ ...query, [VIEW]: id }),
    [turnTo],
  );
  const clear = useCallback(() => turnTo({ [VIEW]: EVERYTHING }), [turnTo]);
  return {
    value,
    asked: { ...value, status: value.status ?? USUAL_STATES, sort: value.sort ?? 'state' },
    view: params.get(VIEW),
    untouched: params.size === 0,
    active: NARROWING.some((field) => value[field] !== undefined),
    set,
    open,
    clear,
  };
}

/** Whether two filters say the same. */
export const sameQuery = (a: ListQuery, b: ListQuery): boolean =>
  LIST_FIELDS.every((field) => (a[field] ?? '') === (b[field] ?? ''));
