import { Button, NativeSelect, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { usePolicies } from '../../../api/queries.js';
import { useTriedSearch } from '../../../api/search.js';
import type { SearchQuestion } from '../../../api/search.js';
import type { Policy } from '../../../api/types.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { useUrlParams } from '../../../ui/url-state.js';
import { TriedResult } from './try-result.js';

const MODES = [
  { value: 'text', label: 'Typed' },
  { value: 'voice', label: 'Spoken' },
];

interface Tried {
  q: string;
  mode: string;
  watched: string;
  beside: string;
}

const idsIn = (text: string): string[] => text.split(/[\s,]+/).filter((id) => id !== '');

function questionOf({ q, mode, watched }: Tried): SearchQuestion | null {
  if (q.trim() === '') return null;
  return { query: q, mode: mode === 'voice' ? 'voice' : 'text', history: idsIn(watched).slice(0, 64) };
}

/** Asks this policy, and another one beside it. */
export function TryPanel({ policy }: { policy: Policy }): ReactElement {
  const [params, set] = useUrlParams();
  const tried: Tried = {
    q: params.get('q') ?? '',
    mode: params.get('mode') ?? 'text',
    watched: params.get('watched') ?? '',
    beside: params.get('beside') ?? '',
  };
  const question = questionOf(tried);
  return (
    <Panel title="Try a query" note="Best first, without exploration. Nothing is served or recorded.">
      <div className={layout.stack}>
        <Question
          key={JSON.stringify(tried)}
          policy={policy}
          tried={tried}
          ask={(next) => {
            set('q', next.q);
            set('mode', next.mode === 'text' ? null : next.mode);
            set('watched', next.watched);
            set('beside', next.beside);
          }}
        />
        {question === null ? (
          <StateMessage icon="info" title="Nothing is asked yet">
            Type a name, a person, or what the title is about.
          </StateMessage>
        ) : (
          <>
            <Answer policyId={policy.id} question={question} />
            {tried.beside === '' ? null : <Answer policyId={tried.beside} question={question} />}
          </>
        )}
      </div>
    </Panel>
  );
}

function Answer({ policyId, question }: { policyId: string; question: SearchQuestion }): ReactElement {
  const query = useTriedSearch(policyId, question);
  return (
    <QueryBoundary query={query} what="results" lines={6}>
      {(data) => <TriedResult tried={data} />}
    </QueryBoundary>
  );
}

function Question({
  policy,
  tried,
  ask,
}: {
  policy: Policy;
  tried: Tried;
  ask: (next: Tried) => void;
}): ReactElement {
  const [draft, setDraft] = useState(tried);
  const others = (usePolicies().data?.items ?? []).filter(
    ({ id, key }) => key === 'search' && id !== policy.id,
  );
  const change = (field: keyof Tried, value: string): void =>
    setDraft((current) => ({ ...current, [field]: value }));
  return (
    <form
      aria-label="What is asked"
      className={layout.toolbar}
      onSubmit={(event) => {
        event.preventDefault();
        ask(draft);
      }}
    >
      <TextInput
        label="Query"
        placeholder="the one with the space pirate"
        w={280}
        maxLength={200}
        value={draft.q}
        onChange={({ currentTarget }) => change('q', currentTarget.value)}
      />
      <NativeSelect
        label="How it is asked"
        data={MODES}
        value={draft.mode}
        onChange={({ currentTarget }) => change('mode', currentTarget.value)}
      />
      <TextInput
        label="Watched before"
        placeholder="ids of titles, or nobody known"
        w={230}
        value={draft.watched}
        onChange={({ currentTarget }) => change('watched', currentTarget.value)}
      />
      <NativeSelect
        label="Beside it"
        data={[{ value: '', label: 'none' }, ...others.map(({ id, title }) => ({ value: id, label: title }))]}
        value={draft.beside}
        onChange={({ currentTarget }) => change('beside', currentTarget.value)}
      />
      <Button type="submit">Search</Button>
    </form>
  );
}
