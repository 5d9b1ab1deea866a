import { useEffect, useState } from 'react';
import type { ExperimentDraft } from './draft.js';

/** Ends with the tab: what somebody types for one experiment is not to wait in another. */
const STORAGE_KEY = 'marquee-new-experiment';

/** What was typed before the page was loaded anew; null for nothing, and for the draft of an earlier version of the form. */
function read(first: ExperimentDraft): ExperimentDraft | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return null;
    const fields = (draft: object): string => Object.keys(draft).sort().join();
    return fields(kept) === fields(first) ? (kept as ExperimentDraft) : null;
  } catch {
    return null;
  }
}

function write(draft: ExperimentDraft | null): void {
  try {
    if (draft === null) sessionStorage.removeItem(STORAGE_KEY);
    else sessionStorage.setItem(STORAGE_KEY, JSON.stringify(draft));
  } catch {
    // Without storage the draft lives as long as the page.
  }
}

export interface KeptDraft {
  draft: ExperimentDraft;
  set: (change: Partial<ExperimentDraft>) => void;
  /** It was there already when the page was loaded. */
  restored: boolean;
  /** Begins anew. */
  discard: () => void;
  /** It is saved as an experiment: there is nothing to keep any more. */
  forget: () => void;
}

/** The draft of the form, which outlives a reload of the page. */
export function useKeptDraft(first: () => ExperimentDraft): KeptDraft {
  const [state, setState] = useState(() => {
    const fresh = first();
    const kept = read(fresh);
    return { draft: kept ?? fresh, restored: kept !== null, touched: false };
  });
  const { draft, restored, touched } = state;
  useEffect(() => {
    if (touched) write(draft);
  }, [draft, touched]);
  return {
    draft,
    restored,
    set: (change) =>
      setState((current) => ({ ...current, draft: { ...current.draft, ...change }, touched: true })),
    discard: () => {
      write(null);
      setState({ draft: first(), restored: false, touched: false });
    },
    forget: () => write(null),
  };
}
