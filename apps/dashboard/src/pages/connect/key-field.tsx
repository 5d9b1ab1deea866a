import { Button, Group, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useWrite } from '../../api/mutations.js';
import type { CreatedKey } from '../../api/types.js';

/** A key is shown once when it is made, so the page asks for it, or makes one. It is kept nowhere. */
export function KeyField({
  value,
  onChange,
}: {
  value: string;
  onChange: (key: string) => void;
}): ReactElement {
  const write = useWrite<CreatedKey>(['/v1/keys']);
  const make = (): void =>
    write.mutate(
      { path: '/v1/keys', body: { name: 'Made on the page Connect', role: 'publishable' } },
      { onSuccess: ({ key }) => onChange(key) },
    );
  return (
    <Group align="flex-end" gap="xs" mb="md">
      <TextInput
        label="Publishable key"
        description="Put into the examples below. It stays on this page."
        placeholder="mq_pub_..."
        flex={1}
        miw={220}
        value={value}
        error={write.error?.message ?? (isOther(value) ? 'A publishable key begins with mq_pub_' : null)}
        onChange={(event) => onChange(event.currentTarget.value.trim())}
      />
      <Button variant="default" onClick={make} loading={write.isPending}>
        Make a key
      </Button>
    </Group>
  );
}

/** A key that may do more has no place in an app. */
const isOther = (key: string): boolean => key !== '' && !key.startsWith('mq_pub_');
