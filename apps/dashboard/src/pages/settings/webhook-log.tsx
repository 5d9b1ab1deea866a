import { Alert, Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useWebhookDeliveries } from '../../api/webhooks.js';
import type { Webhook, WebhookDelivery } from '../../api/webhooks.js';
import { count } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';

function Outcome({ delivery }: { delivery: WebhookDelivery }): ReactElement {
  if (delivery.status === 'delivered') return <Pill tone="good" icon="check" label="Delivered" />;
  if (delivery.status === 'failed') return <Pill tone="bad" icon="cross" label="Given up" />;
  return <Pill icon="clock" label="Waiting" />;
}

function lastAnswer({ attempts }: WebhookDelivery): string {
  const last = attempts.at(-1);
  if (last === undefined) return '—';
  return `${last.status === null ? (last.error ?? '') : `HTTP ${last.status}`}, ${count(last.ms)} ms`;
}

function columns(retry: (delivery: WebhookDelivery) => void): Column<WebhookDelivery>[] {
  return [
    { key: 'at', title: 'When', cell: ({ at }) => <When at={at} /> },
    { key: 'type', title: 'Event', cell: ({ type }) => <span className="mq-mono">{type}</span> },
    { key: 'status', title: 'State', cell: (delivery) => <Outcome delivery={delivery} /> },
    {
      key: 'attempts',
      title: 'Attempts',
      align: 'right',
      cell: ({ attempts }) => count(attempts.length),
    },
    { key: 'answer', title: 'Last answer', cell: lastAnswer },
    {
      key: 'retry',
      title: 'Send again',
      quiet: true,
      align: 'right',
      cell: (delivery) => (
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Send ${delivery.type} again`}
          onClick={() => retry(delivery)}
        >
          Send again
        </Button>
      ),
    },
  ];
}

/** The latest deliveries of one webhook; a test, and another attempt of any. */
export function WebhookLog({ webhook }: { webhook: Webhook }): ReactElement {
  const path = `/v1/webhooks/${segment(webhook.id)}`;
  const query = useWebhookDeliveries(webhook.id);
  const test = useWrite<WebhookDelivery>(['/v1/webhooks']);
  const retry = useWrite([`${path}/deliveries`]);
  const error = test.error ?? retry.error;
  return (
    <div className={layout.stack}>
      <Group gap="sm">
        <Button
          size="xs"
          variant="default"
          loading={test.isPending}
          disabled={webhook.status === 'disabled'}
          onClick={() => test.mutate({ path: `${path}/test` })}
        >
          Send a test event
        </Button>
        <span role="status">
          {test.data === undefined
            ? null
            : test.data.status === 'delivered'
              ? `The test arrived: ${lastAnswer(test.data)}.`
              : `The test did not arrive: ${lastAnswer(test.data)}.`}
        </span>
      </Group>
      {error === null ? null : (
        <Alert color="orange" variant="light" title="That did not work" role="alert">
          {error.message}
        </Alert>
      )}
      <QueryBoundary
        query={query}
        what="deliveries"
        isEmpty={({ items }) => items.length === 0}
        empty={<StateMessage title="Nothing was sent yet">Send a test event to see one here.</StateMessage>}
      >
        {({ items }) => (
          <DataTable
            caption={`Deliveries to ${webhook.url}`}
            columns={columns(({ id }) => retry.mutate({ path: `${path}/deliveries/${segment(id)}/retry` }))}
            rows={items}
            rowKey={({ id }) => id}
            step={10}
            dense
          />
        )}
      </QueryBoundary>
    </div>
  );
}
