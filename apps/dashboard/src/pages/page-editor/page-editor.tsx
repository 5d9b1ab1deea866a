import { Alert, Button, Group, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useNavigate } from 'react-router';
import { ApiError, segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { pagePath, useItemsOfKind, usePage } from '../../api/pages.js';
import type { PageConfig } from '../../api/pages.js';
import { useCatalog, useExperiments, usePolicies } from '../../api/queries.js';
import type { Surface } from '../../api/types.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { decidersOf } from './deciders.js';
import { DecidersPanel } from './deciders-panel.js';
import { DraftPreview } from './draft-preview.js';
import { problemsOf } from './draft.js';
import type { SectionProps } from './draft.js';
import { PinFields } from './pin-fields.js';
import { RowsPanel } from './rows-panel.js';
import { SourceFields } from './source-fields.js';
import { LimitFields, SurfaceFields } from './surface-fields.js';

interface PageEditorProps {
  surfaces: readonly Surface[];
  page: PageConfig;
}

/** The page as it was when the editor was opened is what is changed; a newer one may be stored by now. */
export function PageEditor({ surfaces, page }: PageEditorProps): ReactElement {
  const [base, setBase] = useState(page);
  const [draft, setDraft] = useState(page);
  const newest = usePage(base.key || draft.key, false);
  const navigate = useNavigate();
  const write = useWrite<PageConfig>(['/v1/pages']);
  const isNew = base.revision === 0;
  const problems = write.error instanceof ApiError ? problemsOf(write.error.fields) : {};
  const isConflict = write.error instanceof ApiError && write.error.status === 412;
  const rowKind = surfaces.find(({ key }) => key === draft.layout.rows.surface)?.candidateKind ?? null;
  const rows = useItemsOfKind(rowKind).data?.items ?? [];
  const policies = usePolicies().data?.items ?? [];
  const deciders = decidersOf(draft.layout, useExperiments().data?.items ?? [], policies);
  const wrappers = useCatalog().data?.wrappers ?? [];
  const section: SectionProps = {
    layout: draft.layout,
    set: (change) => setDraft({ ...draft, layout: { ...draft.layout, ...change } }),
    problems,
  };
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const { key, title, layout, revision } = { ...draft, revision: base.revision };
    write.mutate(
      { path: pagePath(key.trim()), method: 'PUT', version: revision, body: { title, layout } },
      {
        onSuccess: (saved) => {
          setBase(saved);
          setDraft(saved);
          if (isNew) void navigate(`/pages/${segment(saved.key)}`, { replace: true });
        },
      },
    );
  };
  const again = async (): Promise<void> => {
    const { data } = await newest.refetch();
    if (data === undefined) return;
    setBase(data);
    setDraft(data);
    write.reset();
    if (isNew) void navigate(`/pages/${segment(data.key)}`, { replace: true });
  };
  const name = (field: 'key' | 'title', label: string): ReactElement => (
    <TextInput
      label={label}
      value={draft[field]}
      error={problems[`/${field}`]}
      onChange={(event) => setDraft({ ...draft, [field]: event.currentTarget.value })}
    />
  );
  return (
    <div className={layoutStyles.split}>
      <div className={layoutStyles.stack}>
        <form onSubmit={save} aria-label="Page" className={layoutStyles.stack} noValidate>
          <Panel title="Page">
            <div className={layoutStyles.fields}>
              {name('title', 'Name')}
              {isNew ? name('key', 'Key, by which apps ask for it') : null}
            </div>
            {isConflict ? (
              <Conflict isNew={isNew} again={() => void again()} />
            ) : (
              <Refusal error={write.error} fields={Object.keys(problems).length} />
            )}
            <Group mt="md" gap="xs">
              <Button
                type="submit"
                loading={write.isPending}
                disabled={isConflict || draft === base || draft.key.trim() === ''}
              >
                {isNew ? 'Create the page' : 'Save the page'}
              </Button>
              {isNew || draft === base ? null : (
                <Button
                  variant="default"
                  onClick={() => {
                    setDraft(base);
                    write.reset();
                  }}
                >
                  Undo all changes
                </Button>
              )}
            </Group>
          </Panel>
          <SurfaceFields {...section} surfaces={surfaces} />
          <PinFields {...section} rows={rows} />
          <SourceFields {...section} />
          <LimitFields {...section} />
        </form>
        <RowsPanel layout={draft.layout} rows={rows} kind={rowKind} />
        <DecidersPanel deciders={deciders} wrappers={wrappers} />
      </div>
      <div className={layoutStyles.stack}>
        <DraftPreview draft={draft} policies={policies} deciders={deciders} />
      </div>
    </div>
  );
}

function Refusal({ error, fields }: { error: Error | null; fields: number }): ReactElement | null {
  if (error === null) return null;
  return (
    <Alert color="orange" variant="light" mt="md" title="The page was not saved" role="alert">
      {fields === 0 ? error.message : `${error.message}. What is wrong is said at the fields.`}
    </Alert>
  );
}

function Conflict({ isNew, again }: { isNew: boolean; again: () => void }): ReactElement {
  return (
    <Alert
      color="orange"
      variant="light"
      mt="md"
      title={isNew ? 'This key is taken' : 'Changed meanwhile'}
      role="alert"
    >
      {isNew
        ? 'There is a page with this key already.'
        : 'Somebody else has changed this page since you opened it.'}{' '}
      Nothing of yours was saved.
      <Button variant="default" mt="sm" style={{ display: 'block' }} onClick={again}>
        {isNew ? 'Open that page' : 'Begin again from how it is now'}
      </Button>
    </Alert>
  );
}
