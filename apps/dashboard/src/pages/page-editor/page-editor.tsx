import { Alert, Button, Group, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useItemsOfKind } from '../../api/pages.js';
import type { PageConfig } from '../../api/pages.js';
import { useExperiments, usePolicies } from '../../api/queries.js';
import type { Surface } from '../../api/types.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { decidersOf } from './deciders.js';
import { DecidersPanel } from './deciders-panel.js';
import { DraftPreview } from './draft-preview.js';
import type { SectionProps } from './draft.js';
import { PinFields } from './pin-fields.js';
import { RowsPanel } from './rows-panel.js';
import { SourceFields } from './source-fields.js';
import { LimitFields, SurfaceFields } from './surface-fields.js';
import styles from './page-editor.module.css';
import { usePageDraft } from './use-page-draft.js';
import type { PageDraft } from './use-page-draft.js';

interface PageEditorProps {
  surfaces: readonly Surface[];
  page: PageConfig;
}

/** What stands on the page, on the left; the draft as somebody would get it, on the right. */
export function PageEditor({ surfaces, page }: PageEditorProps): ReactElement {
  const editing = usePageDraft(page);
  const { draft, change, problems, save } = editing;
  const { layout } = draft;
  const rowKind = surfaces.find(({ key }) => key === layout.rows.surface)?.candidateKind ?? null;
  const rows = useItemsOfKind(rowKind).data?.items ?? [];
  const policies = usePolicies().data?.items ?? [];
  const deciders = decidersOf(layout, useExperiments().data?.items ?? [], policies);
  const section: SectionProps = {
    layout,
    set: (part) => change({ layout: { ...layout, ...part } }),
    problems,
  };
  return (
    <div className={styles.columns}>
      <div className={layoutStyles.stack}>
        <form
          aria-label="Page"
          className={layoutStyles.stack}
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            save();
          }}
        >
          <Identity editing={editing} />
          <SurfaceFields {...section} surfaces={surfaces} />
          <PinFields {...section} rows={rows} />
          <SourceFields {...section} />
          <LimitFields {...section} />
        </form>
        <RowsPanel layout={layout} rows={rows} kind={rowKind} />
        <DecidersPanel deciders={deciders} />
      </div>
      <div className={`${layoutStyles.stack ?? ''} ${styles.beside ?? ''}`}>
        <DraftPreview draft={draft} policies={policies} deciders={deciders} />
      </div>
    </div>
  );
}

/** Name and key of the page, and what becomes of the draft. */
function Identity({ editing }: { editing: PageDraft }): ReactElement {
  const { draft, change, isNew, isChanged, isConflict, problems, error, pending, undo, again } = editing;
  const name = (field: 'key' | 'title', label: string): ReactElement => (
    <TextInput
      label={label}
      value={draft[field]}
      error={problems[`/${field}`]}
      onChange={(event) => change({ [field]: event.currentTarget.value })}
    />
  );
  return (
    <Panel title="Page">
      <div className={layoutStyles.fields}>
        {name('title', 'Name')}
        {isNew ? name('key', 'Key, by which apps ask for it') : null}
      </div>
      {isConflict ? (
        <Conflict isNew={isNew} again={() => void again()} />
      ) : (
        <Refusal error={error} fields={Object.keys(problems).length} />
      )}
      <Group mt="md" gap="xs">
        <Button
          type="submit"
          loading={pending}
          disabled={isConflict || !isChanged || draft.key.trim() === ''}
        >
          {isNew ? 'Create the page' : 'Save the page'}
        </Button>
        {isNew || !isChanged ? null : (
          <Button variant="default" onClick={undo}>
            Undo all changes
          </Button>
        )}
      </Group>
    </Panel>
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
