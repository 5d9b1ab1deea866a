import { Button, Group, Modal, Select, Stack, Text, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { useWrite } from '../../api/mutations.js';
import type { CreatedKey } from '../../api/types.js';
import { CodeBlock } from '../../ui/details.js';
import { NotSaved } from '../../ui/not-saved.js';

const ROLES = [
  { value: 'publishable', label: 'Publishable: treatments and events, for apps' },
  { value: 'secret', label: 'Secret: reads everything, for servers and analysts' },
  { value: 'admin', label: 'Admin: changes everything' },
];

export function CreateKeyDialog({ close }: { close: () => void }): ReactElement {
  const [name, setName] = useState('');
  const [role, setRole] = useState('publishable');
  const write = useWrite<CreatedKey>(['/v1/keys']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate({ path: '/v1/keys', body: { name: name.trim(), role } });
  };
  return (
    <Modal opened onClose={close} title={<Text fw={620}>New API key</Text>}>
      {write.data === undefined ? (
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Name"
              description="Where it will be used"
              required
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select label="Role" data={ROLES} value={role} onChange={(next) => setRole(next ?? role)} />
            <NotSaved title="The key was not created" error={write.error} />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={write.isPending} disabled={name.trim() === ''}>
                Create key
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Stack gap="md">
          <Text size="sm">Copy it now. It is stored hashed and cannot be shown again.</Text>
          <CodeBlock code={write.data.key} label="New key" />
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
