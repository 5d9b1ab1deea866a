import { Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useWebhooks } from '../../api/webhooks.js';
import type { Webhook } from '../../api/webhooks.js';
import { count } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import styles from './settings.module.css';
import { CreateWebhookDialog, RemoveDialog, RotateDialog } from './webhook-dialogs.js';
import { WebhookLog } from './webhook-log.js';

type Doing = { what: 'create' } | { what: 'rotate' | 'remove'; webhook: Webhook };

function State({ webhook }: { webhook: Webhook }): ReactElement {
  const { status, disabledReason, failures, failingSince } = webhook;
  if (status === 'disabled')
    return (
      <div className={styles.wide}>
        <Pill tone="bad" icon="pause" label="Disabled" />
        <span className={styles.note}>{disabledReason}</span>
      </div>
    );
  if (failures === 0) return <Pill tone="good" icon="check" label="Enabled" />;
  return (
    <div className={styles.wide}>
      <Pill tone="bad" icon="warning" label="Failing" />
      <span className={styles.note}>
        {count(failures)} in a row, since <When at={failingSince} />
      </span>
    </div>
  );
}

function Actions({ webhook, start }: { webhook: Webhook; start: (doing: Doing) => void }): ReactElement {
  const write = useWrite(['/v1/webhooks']);
  const enabled = webhook.status === 'enabled';
  const name = webhook.description || webhook.url;
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button
        size="compact-sm"
        variant="default"
        loading={write.isPending}
        aria-label={`${enabled ? 'Disable' : 'Enable'} ${name}`}
        onClick={() =>
          write.mutate({
            path: `/v1/webhooks/${segment(webhook.id)}`,
            method: 'PATCH',
            body: { enabled: !enabled },
          })
        }
      >
        {enabled ? 'Disable' : 'Enable'}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`New secret for ${name}`}
        onClick={() => start({ what: 'rotate', webhook })}
      >
        New secret
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove ${name}`}
        onClick={() => start({ what: 'remove', webhook })}
      >
        Remove
      </Button>
    </Group>
  );
}

function columns(start: (doing: Doing) => void): Column<Webhook>[] {
  return [
    {
      key: 'url',
      title: 'Webhook',
      cell: ({ url, description }) => (
        <div className={styles.wide}>
          {description === '' ? null : <strong>{description}</strong>}
          <span className="mq-mono">{url}</span>
        </div>
      ),
    },
    {
      key: 'events',
      title: 'Events',
      cell: ({ events }) => (events.includes('*') ? 'everything' : events.join(', ')),
    },
    { key: 'state', title: 'State', cell: (webhook) => <State webhook={webhook} /> },
    {
      key: 'actions',
      title: 'Actions',
      quiet: true,
      align: 'right',
      cell: (webhook) => <Actions webhook={webhook} start={start} />,
    },
  ];
}

/** Who is told of what happens here, and what came of telling them. */
export function WebhooksPanel(): ReactElement {
  const query = useWebhooks();
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = (): void => setDoing(null);
  const create = (
    <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => setDoing({ what: 'create' })}>
      New webhook
    </Button>
  );
  return (
    <>
      <Panel
        title="Webhooks"
        note="Signed messages to other systems when an experiment, a policy, a gate or a guardrail changes. Open a row for its deliveries."
        actions={create}
        flush
      >
        <QueryBoundary
          query={query}
          what="webhooks"
          isEmpty={({ items }) => items.length === 0}
          empty={
            <StateMessage icon="connect" title="Nobody is told">
              Add a webhook to hear of starts, stops and breaches in a chat or in a pipeline.
            </StateMessage>
          }
        >
          {({ items }) => (
            <DataTable
              caption="Webhooks"
              columns={columns(setDoing)}
              rows={items}
              rowKey={({ id }) => id}
              rowName={({ description, url }) => description || url}
              detail={(webhook) => <WebhookLog webhook={webhook} />}
            />
          )}
        </QueryBoundary>
      </Panel>
      {doing?.what === 'create' ? (
        <CreateWebhookDialog types={query.data?.types ?? []} close={close} />
      ) : null}
      {doing?.what === 'rotate' ? <RotateDialog webhook={doing.webhook} close={close} /> : null}
      {doing?.what === 'remove' ? <RemoveDialog webhook={doing.webhook} close={close} /> : null}
    </>
  );
}
