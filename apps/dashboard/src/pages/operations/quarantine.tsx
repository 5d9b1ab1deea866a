import { Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useQuarantine } from '../../api/queries.js';
import type { QuarantinedEvent } from '../../api/types.js';
import { humanise } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { JsonBlock, When } from '../../ui/details.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';

interface Choice {
  action: 'replay' | 'discard';
  event: QuarantinedEvent;
}

function columns(choose: (choice: Choice) => void): Column<QuarantinedEvent>[] {
  return [
    { key: 'received', title: 'Received', cell: (event) => <When at={event.receivedAt} /> },
    { key: 'reason', title: 'Why', cell: (event) => humanise(event.reason) },
    { key: 'attempts', title: 'Attempts', align: 'right', cell: (event) => event.attempts },
    { key: 'payload', title: 'Event', cell: (event) => <code className="mq-mono">{excerpt(event)}</code> },
    {
      key: 'actions',
      title: 'Actions',
      quiet: true,
      align: 'right',
      cell: (event) => (
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Replay event ${event.id}`}
            onClick={() => choose({ action: 'replay', event })}
          >
            Replay
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Discard event ${event.id}`}
            onClick={() => choose({ action: 'discard', event })}
          >
            Discard
          </Button>
        </Group>
      ),
    },
  ];
}

function excerpt(event: QuarantinedEvent): string {
  const text = JSON.stringify(event.payload);
  return text.length > 90 ? `${text.slice(0, 90)}…` : text;
}

export function Quarantine({ count }: { count: string }): ReactElement {
  const query = useQuarantine();
  const [choice, setChoice] = useState<Choice | null>(null);
  return (
    <Panel
      title="Quarantine"
      note={`${count} events that could not be stored, kept with the reason. Their batch mates were not harmed.`}
      flush
    >
      <QueryBoundary
        query={query}
        what="quarantine"
        lines={3}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="check" title="Nothing is quarantined">
            Every event that was accepted could be stored.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Quarantined events"
            columns={columns(setChoice)}
            rows={page.items}
            rowKey={(event) => event.id}
          />
        )}
      </QueryBoundary>
      {choice === null ? null : <ChoiceDialog choice={choice} close={() => setChoice(null)} />}
    </Panel>
  );
}

function ChoiceDialog({ choice, close }: { choice: Choice; close: () => void }): ReactElement {
  const { action, event } = choice;
  const write = useWrite(['/v1/quarantine', '/v1/operations']);
  return (
    <ConfirmDialog
      opened
      title={`${humanise(action)} this event`}
      confirmLabel={humanise(action)}
      danger={action === 'discard'}
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() =>
        write.mutate({ path: `/v1/quarantine/${segment(event.id)}/${action}` }, { onSuccess: close })
      }
      onClose={close}
    >
      {action === 'replay'
        ? 'It is put back into the queue. If it fails again it returns here.'
        : 'It is deleted for good and never counted.'}
      <JsonBlock value={event.payload} label="Event" />
    </ConfirmDialog>
  );
}
