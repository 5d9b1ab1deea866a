import { Button, NumberInput, Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { usePreview } from '../../api/members.js';
import { usePolicies, useSurfaces } from '../../api/queries.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Moment } from './moment-fields.js';
import { PreviewResult } from './preview-result.js';
import { questionOf, usePreviewForm } from './preview-view.js';
import type { PreviewForm } from './preview-view.js';

/** One surface as a member at 21:00 on a Friday on a TV, by one policy beside another. */
export function PreviewPage(): ReactElement {
  const [form, setForm] = usePreviewForm();
  const question = questionOf(form);
  const preview = usePreview(question);
  return (
    <>
      <PageHeader
        title="Preview"
        actions={
          <Button component={Link} to="/preview/page" variant="default" size="compact-sm">
            Preview a whole page
          </Button>
        }
        meta="What somebody would get, by one policy beside another. Nothing is served or stored; a look at a member is audited."
      />
      <div className={layout.stack}>
        <Panel title="Who, where and when">
          <Form key={JSON.stringify(form)} form={form} show={setForm} />
        </Panel>
        {question === null ? (
          <StateMessage icon="info" title="Nothing is asked yet">
            Choose a surface and at least one policy.
          </StateMessage>
        ) : (
          <QueryBoundary query={preview} what="preview" lines={8}>
            {(data) => <PreviewResult preview={data} />}
          </QueryBoundary>
        )}
      </div>
    </>
  );
}

interface FieldsProps {
  draft: PreviewForm;
  change: (field: keyof PreviewForm, value: string | number | null) => void;
}

function Form({ form, show }: { form: PreviewForm; show: (form: PreviewForm) => void }): ReactElement {
  const [draft, setDraft] = useState(form);
  const change: FieldsProps['change'] = (field, value) =>
    setDraft((current) => ({ ...current, [field]: String(value ?? '') }));
  return (
    <form
      aria-label="Preview"
      onSubmit={(event) => {
        event.preventDefault();
        show(draft);
      }}
    >
      <div className={layout.fields}>
        <Place draft={draft} change={change} />
        <Moment draft={draft} change={change} />
        <TextInput
          label="Date"
          type="date"
          description="For what follows the seasons."
          value={draft.day}
          onChange={(event) => change('day', event.currentTarget.value)}
        />
        <Policies draft={draft} change={change} />
        <NumberInput
          label="Places"
          min={1}
          max={100}
          allowDecimal={false}
          placeholder="20"
          value={draft.limit}
          onChange={(value) => change('limit', value)}
        />
      </div>
      <Button type="submit" mt="md">
        Preview
      </Button>
    </form>
  );
}

function Place({ draft, change }: FieldsProps): ReactElement {
  const surfaces = useSurfaces().data?.items ?? [];
  return (
    <>
      <Select
        label="Surface"
        placeholder="where it shows"
        data={surfaces
          .filter(({ kind, candidateKind }) => kind !== 'value' && candidateKind !== null)
          .map(({ key, title }) => ({ value: key, label: title }))}
        value={draft.surface || null}
        onChange={(value) => change('surface', value)}
      />
      <TextInput
        label="Subject"
        placeholder="none, or a title’s id"
        value={draft.subject}
        onChange={(event) => change('subject', event.currentTarget.value)}
      />
      <TextInput
        label="Member"
        placeholder="somebody new"
        value={draft.unit}
        onChange={(event) => change('unit', event.currentTarget.value)}
      />
    </>
  );
}

function Policies({ draft, change }: FieldsProps): ReactElement {
  const policies = (usePolicies().data?.items ?? []).map(({ id, title }) => ({ value: id, label: title }));
  return (
    <>
      <Select
        label="Policy"
        placeholder="who answers"
        searchable
        data={policies}
        value={draft.left || null}
        onChange={(value) => change('left', value)}
      />
      <Select
        label="Beside it"
        placeholder="none"
        searchable
        clearable
        data={policies}
        value={draft.right || null}
        onChange={(value) => change('right', value)}
      />
    </>
  );
}
