import { Button, Select, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import { usePagePreview, usePages } from '../../api/pages.js';
import type { PageLevel } from '../../api/pages.js';
import { usePolicies } from '../../api/queries.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Moment } from '../members/moment-fields.js';
import { LEVELS, SIDES, fieldOf, pageQuestionOf, usePageForm } from './page-form-state.js';
import type { Field, PageForm } from './page-form-state.js';
import { PageResult } from './page-result.js';

/** A whole page as a member at 21:00 on a Friday on a TV, made one way beside another. */
export function PagePreviewPage(): ReactElement {
  const [form, setForm] = usePageForm();
  const question = pageQuestionOf(form);
  const preview = usePagePreview(question);
  return (
    <>
      <PageHeader
        title="Page preview"
        parent={{ to: '/preview', label: 'Preview' }}
        meta="A page as somebody would get it: rows, titles and artwork. Nothing is served or stored; a look at a member is audited."
        actions={
          form.page === '' ? undefined : (
            <Link className="mq-link" to={`/pages/${segment(form.page)}`}>
              Edit the page
            </Link>
          )
        }
      />
      <div className={layout.stack}>
        <Panel title="Who and when, and which policies">
          <Form key={JSON.stringify(form)} form={form} show={setForm} />
        </Panel>
        {question === null ? (
          <StateMessage icon="info" title="No page is asked for yet">
            Choose a page, or{' '}
            <Link className="mq-link" to="/pages/new">
              set up a new one
            </Link>
            .
          </StateMessage>
        ) : (
          <QueryBoundary query={preview} what="page" lines={8}>
            {(data) => <PageResult preview={data} />}
          </QueryBoundary>
        )}
      </div>
    </>
  );
}

type Change = (field: Field, value: string | null) => void;

function Form({ form, show }: { form: PageForm; show: (form: PageForm) => void }): ReactElement {
  const [draft, setDraft] = useState(form);
  const pages = usePages().data?.items ?? [];
  const change: Change = (field, value) => setDraft((current) => ({ ...current, [field]: value ?? '' }));
  return (
    <form
      aria-label="Page preview"
      onSubmit={(event) => {
        event.preventDefault();
        show(draft);
      }}
    >
      <div className={layout.fields}>
        <Select
          label="Page"
          placeholder="which one"
          data={pages.map(({ key, title }) => ({ value: key, label: title }))}
          value={draft.page || null}
          onChange={(value) => change('page', value)}
        />
        <TextInput
          label="Member"
          placeholder="somebody new"
          value={draft.unit}
          onChange={(event) => change('unit', event.currentTarget.value)}
        />
        <Moment draft={draft} change={change} />
        <TextInput
          label="Country"
          placeholder="as it was last"
          value={draft.country}
          onChange={(event) => change('country', event.currentTarget.value)}
        />
      </div>
      <div className={layout.split}>
        {SIDES.map((side) =>
          side === 'left' || draft.beside !== '' ? (
            <Policies key={side} side={side} draft={draft} change={change} />
          ) : null,
        )}
      </div>
      <Switch
        mt="md"
        label="Beside another way"
        checked={draft.beside !== ''}
        onChange={(event) => change('beside', event.currentTarget.checked ? 'yes' : '')}
      />
      <Button type="submit" mt="md">
        Preview
      </Button>
      <Link className="mq-link" to="/preview" style={{ marginLeft: 16 }}>
        Preview one surface
      </Link>
    </form>
  );
}

const LEVEL: Record<PageLevel, string> = { rows: 'Rows by', titles: 'Titles by', artwork: 'Artwork by' };

function Policies({
  side,
  draft,
  change,
}: {
  side: (typeof SIDES)[number];
  draft: PageForm;
  change: Change;
}): ReactElement {
  const policies = (usePolicies().data?.items ?? []).map(({ id, title }) => ({ value: id, label: title }));
  const suffix = side === 'left' ? '' : ' (beside)';
  return (
    <div className={layout.fields} role="group" aria-label={side === 'left' ? 'One way' : 'Beside it'}>
      {LEVELS.map((level) => (
        <Select
          key={level}
          mt="md"
          label={`${LEVEL[level]}${suffix}`}
          placeholder="the default order"
          searchable
          clearable
          data={policies}
          value={draft[fieldOf(side, level)] || null}
          onChange={(value) => change(fieldOf(side, level), value)}
        />
      ))}
    </div>
  );
}
