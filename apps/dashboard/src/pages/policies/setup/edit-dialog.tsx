import { Alert, Button, Fieldset, Group, Modal, NumberInput, Select, Stack, Text } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { ApiError, segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import type { ChangePreview } from '../../../api/policy-changes.js';
import { useCatalog, usePolicies, usePolicy } from '../../../api/queries.js';
import type { Catalog, Policy } from '../../../api/types.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { PolicyFields } from '../policy-fields.js';
import { ChangeReview } from './change-review.js';
import { editDraft, patchOf } from './edit-draft.js';
import type { EditDraft, PolicyPatch } from './edit-draft.js';

interface EditDialogProps {
  policy: Policy;
  close: () => void;
}

/** Changes a policy: a form that begins with what is, then what the change would do, then the change. */
export function EditDialog({ policy, close }: EditDialogProps): ReactElement {
  const query = useCatalog();
  return (
    <Modal opened onClose={close} size="lg" title={<Text fw={620}>Edit {policy.title}</Text>}>
      <QueryBoundary query={query} what="registered policies">
        {(catalog) => <Edit policy={policy} catalog={catalog} close={close} />}
      </QueryBoundary>
    </Modal>
  );
}

const isConflict = (error: Error | null): boolean => error instanceof ApiError && error.status === 412;

/** The policy as it was when the form was opened is what is changed; the page behind may know a newer one. */
function Edit({ policy, catalog, close }: EditDialogProps & { catalog: Catalog }): ReactElement {
  const [base, setBase] = useState(policy);
  const [draft, setDraft] = useState(() => editDraft(policy, catalog));
  const newest = usePolicy(policy.id);
  const path = `/v1/policies/${segment(policy.id)}`;
  const ask = useWrite<ChangePreview>([]);
  const write = useWrite<Policy>(['/v1/policies']);
  const patch = patchOf(base, draft, catalog);
  const reset = (): void => {
    ask.reset();
    write.reset();
  };
  const again = async (): Promise<void> => {
    const { data } = await newest.refetch();
    if (data === undefined) return;
    setBase(data);
    setDraft(editDraft(data, catalog));
    reset();
  };
  if (isConflict(ask.error) || isConflict(write.error))
    return <Conflict again={() => void again()} close={close} />;
  if (ask.data !== undefined)
    return (
      <ChangeReview
        preview={ask.data}
        pending={write.isPending}
        error={write.error}
        back={reset}
        confirm={(overrideGate) =>
          write.mutate(
            {
              path,
              method: 'PATCH',
              version: base.revision,
              body: { ...patch, ...(overrideGate === undefined ? {} : { overrideGate }) },
            },
            { onSuccess: close },
          )
        }
      />
    );
  return (
    <EditForm
      {...{ base, catalog, draft, patch, close }}
      onChange={setDraft}
      pending={ask.isPending}
      error={ask.error}
      review={() => ask.mutate({ path: `${path}/preview`, version: base.revision, body: patch })}
    />
  );
}

interface EditFormProps {
  base: Policy;
  catalog: Catalog;
  draft: EditDraft;
  patch: PolicyPatch;
  onChange: (draft: EditDraft) => void;
  pending: boolean;
  error: Error | null;
  review: () => void;
  close: () => void;
}

function EditForm(props: EditFormProps): ReactElement {
  const { base, catalog, draft, patch, onChange, pending, error, review, close } = props;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    review();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <PolicyFields
          exists
          catalog={catalog}
          offered={catalog.policies.filter(({ key }) => key === base.key)}
          draft={draft}
          onChange={(changed) => onChange({ ...draft, ...changed })}
        />
        <ShadowFields draft={draft} onChange={onChange} />
        {error === null ? null : (
          <Alert color="orange" variant="light" title="This change is not possible" role="alert">
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={pending} disabled={Object.keys(patch).length === 0}>
            Review the change
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function ShadowFields({ draft, onChange }: Pick<EditFormProps, 'draft' | 'onChange'>): ReactElement {
  const policies = usePolicies();
  return (
    <Fieldset legend="Shadow">
      <Stack gap="sm">
        <Select
          label="Shadow candidate"
          description="Asked about every decision; nothing of it is served."
          searchable
          data={[
            { value: '', label: 'None' },
            ...(policies.data?.items ?? []).map(({ id, title }) => ({ value: id, label: title || id })),
          ]}
          value={draft.shadow}
          onChange={(shadow) => onChange({ ...draft, shadow: shadow ?? '', shadowVersion: null })}
        />
        {draft.shadow === '' ? null : (
          <NumberInput
            label="Snapshot of the shadow"
            description="Empty: whichever serves at the time."
            min={1}
            allowDecimal={false}
            value={draft.shadowVersion ?? ''}
            onChange={(next) => onChange({ ...draft, shadowVersion: typeof next === 'number' ? next : null })}
          />
        )}
      </Stack>
    </Fieldset>
  );
}

function Conflict({ again, close }: { again: () => void; close: () => void }): ReactElement {
  return (
    <Stack gap="md">
      <Alert color="orange" variant="light" title="Changed meanwhile" role="alert">
        Somebody else has changed this policy since you opened it. Nothing of yours was saved. Begin again
        from how it is now.
      </Alert>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          Close
        </Button>
        <Button onClick={again}>Begin again</Button>
      </Group>
    </Stack>
  );
}
