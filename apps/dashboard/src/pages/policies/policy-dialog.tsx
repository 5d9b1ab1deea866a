import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import { useCatalog } from '../../api/queries.js';
import type { Catalog, Policy } from '../../api/types.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { policyBody, policyDraft } from './policy-draft.js';
import { slug } from '../../format/slug.js';
import { PolicyFields } from './policy-fields.js';
import { NotSaved } from '../../ui/not-saved.js';

interface PolicyDialogProps {
  close: () => void;
  created: (id: string) => void;
  /** Only policies that decide this; absent: all. */
  decides?: 'action' | 'slate' | undefined;
  /** Registry key to begin with. */
  begin?: string;
}

/** Creates a policy; its form is drawn from the registry. */
export function PolicyDialog(props: PolicyDialogProps): ReactElement {
  const query = useCatalog();
  return (
    <Modal opened onClose={props.close} size="lg" title={<Text fw={620}>New policy</Text>}>
      <QueryBoundary query={query} what="registered policies">
        {(catalog) => <PolicyForm {...props} catalog={catalog} />}
      </QueryBoundary>
    </Modal>
  );
}

function PolicyForm({
  catalog,
  close,
  created,
  decides,
  begin,
}: PolicyDialogProps & { catalog: Catalog }): ReactElement {
  const offered = catalog.policies.filter(
    (policy) => decides === undefined || policy.decides === undefined || policy.decides === decides,
  );
  const [draft, setDraft] = useState(() =>
    policyDraft(
      catalog,
      begin ?? offered.find((policy) => policy.learns === 'online')?.key ?? offered[0]?.key ?? '',
    ),
  );
  const write = useWrite<Policy>(['/v1/policies']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    const body = policyBody(draft, catalog);
    write.mutate(
      { path: '/v1/policies', body },
      {
        onSuccess: () => {
          close();
          created(body.id);
        },
      },
    );
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <PolicyFields catalog={catalog} offered={offered} draft={draft} onChange={setDraft} />
        <NotSaved title="The policy was not created" error={write.error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={write.isPending} disabled={slug(draft.title) === ''}>
            Create policy
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
