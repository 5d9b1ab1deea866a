import { Button, Group, Modal, MultiSelect, Stack, Text, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import type { Webhook, WebhookWithSecret } from '../../api/webhooks.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { CodeBlock } from '../../ui/details.js';
import { NotSaved } from '../../ui/not-saved.js';

const WEBHOOKS = ['/v1/webhooks'];

/** Everything, an area at a time, or single types. */
function choices(types: readonly string[]): string[] {
  const areas = new Set(types.map((type) => `${type.split('.')[0] ?? ''}.*`));
  return ['*', ...areas, ...types];
}

function Secret({ secret, close }: { secret: string; close: () => void }): ReactElement {
  return (
    <Stack gap="md">
      <Text size="sm">
        Give this secret to the receiver: it proves that a message is from here. It is not shown again.
      </Text>
      <CodeBlock code={secret} label="Secret" />
      <Group justify="flex-end">
        <Button onClick={close}>Done</Button>
      </Group>
    </Stack>
  );
}

export function CreateWebhookDialog({
  types,
  close,
}: {
  types: readonly string[];
  close: () => void;
}): ReactElement {
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [events, setEvents] = useState<string[]>(['*']);
  const write = useWrite<WebhookWithSecret>(WEBHOOKS);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write.mutate({ path: '/v1/webhooks', body: { url: url.trim(), description, events } });
  };
  return (
    <Modal opened onClose={close} title={<Text fw={620}>New webhook</Text>}>
      {write.data === undefined ? (
        <form onSubmit={submit}>
          <Stack gap="md">
            <TextInput
              label="Address"
              description="https:// on the public internet, or inside if the installation allows it"
              placeholder="https://example.org/hooks/marquee"
              required
              data-autofocus
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
            />
            <TextInput
              label="Description"
              maxLength={200}
              value={description}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
            <MultiSelect
              label="Events"
              description="* is everything; an area ends with .*"
              searchable
              data={choices(types)}
              value={events}
              onChange={setEvents}
            />
            <NotSaved title="The webhook was not created" error={write.error} />
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button
                type="submit"
                loading={write.isPending}
                disabled={url.trim() === '' || events.length === 0}
              >
                Create webhook
              </Button>
            </Group>
          </Stack>
        </form>
      ) : (
        <Secret secret={write.data.secret} close={close} />
      )}
    </Modal>
  );
}

export function RotateDialog({ webhook, close }: { webhook: Webhook; close: () => void }): ReactElement {
  const write = useWrite<WebhookWithSecret>(WEBHOOKS);
  if (write.data !== undefined)
    return (
      <Modal opened onClose={close} title={<Text fw={620}>New secret</Text>}>
        <Secret secret={write.data.secret} close={close} />
      </Modal>
    );
  return (
    <ConfirmDialog
      opened
      title="Make a new secret"
      confirmLabel="Make a new secret"
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() => write.mutate({ path: `/v1/webhooks/${segment(webhook.id)}/rotate` })}
      onClose={close}
    >
      For 24 hours messages are signed with the old secret and the new one, so that the receiver can change
      over without missing any.
    </ConfirmDialog>
  );
}

export function RemoveDialog({ webhook, close }: { webhook: Webhook; close: () => void }): ReactElement {
  const write = useWrite(WEBHOOKS);
  return (
    <ConfirmDialog
      opened
      title="Remove this webhook"
      confirmLabel="Remove"
      danger
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() =>
        write.mutate({ path: `/v1/webhooks/${segment(webhook.id)}`, method: 'DELETE' }, { onSuccess: close })
      }
      onClose={close}
    >
      Nothing more is sent to {webhook.url}, and its log goes with it. This cannot be undone.
    </ConfirmDialog>
  );
}
