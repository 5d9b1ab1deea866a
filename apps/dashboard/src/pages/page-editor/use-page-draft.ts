import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError, segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { pagePath, usePage } from '../../api/pages.js';
import type { PageConfig } from '../../api/pages.js';
import { problemsOf } from './draft.js';
import type { Problems } from './draft.js';

export interface PageDraft {
  draft: PageConfig;
  change: (change: Partial<PageConfig>) => void;
  isNew: boolean;
  isChanged: boolean;
  save: () => void;
  undo: () => void;
  /** Begins again from what is stored now. */
  again: () => Promise<void>;
  pending: boolean;
  error: Error | null;
  problems: Problems;
  /** Somebody else has stored the page in between. */
  isConflict: boolean;
}

/** The page as it was when the editor was opened is what is changed; a newer one may be stored by now. */
export function usePageDraft(page: PageConfig): PageDraft {
  const [base, setBase] = useState(page);
  const [draft, setDraft] = useState(page);
  const newest = usePage(base.key || draft.key, false);
  const navigate = useNavigate();
  const write = useWrite<PageConfig>(['/v1/pages']);
  const isNew = base.revision === 0;
  const apiError = write.error instanceof ApiError ? write.error : null;
  const begin = (stored: PageConfig): void => {
    setBase(stored);
    setDraft(stored);
    if (isNew) void navigate(`/pages/${segment(stored.key)}`, { replace: true });
  };
  return {
    draft,
    change: (change) => setDraft({ ...draft, ...change }),
    isNew,
    isChanged: draft !== base,
    save: () =>
      write.mutate(
        {
          path: pagePath(draft.key.trim()),
          method: 'PUT',
          version: base.revision,
          body: { title: draft.title, layout: draft.layout },
        },
        { onSuccess: begin },
      ),
    undo: () => {
      setDraft(base);
      write.reset();
    },
    again: async () => {
      const { data } = await newest.refetch();
      if (data === undefined) return;
      write.reset();
      begin(data);
    },
    pending: write.isPending,
    error: write.error,
    problems: problemsOf(apiError?.fields ?? []),
    isConflict: apiError?.status === 412,
  };
}
