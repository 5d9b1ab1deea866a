import { Alert, Button, Group, NumberInput, SegmentedControl, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../../api/http.js';
import { useWrite } from '../../../api/mutations.js';
import { pinsPath, usePins } from '../../../api/policy-lists.js';
import type { PolicyPin } from '../../../api/policy-lists.js';
import { decimal } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { When } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';

/** What people put at a place or lift, until a date. */
export function PinsPanel({ id }: { id: string }): ReactElement {
  return (
    <Panel
      title="Pins and boosts"
      note="Titles that people put at a place, or lift and sink, until a date. Each change is in the audit log."
    >
      <div className={layout.stack}>
        <QueryBoundary
          query={usePins(id)}
          what="pins"
          isEmpty={(page) => page.items.length === 0}
          empty={<StateMessage icon="policies" title="Nothing is pinned or boosted" />}
        >
          {({ items }) => (
            <DataTable
              caption="Pins and boosts"
              columns={columnsOf(id)}
              rows={items}
              rowKey={(pin) => `${pin.id}/${pin.position ?? 'boost'}`}
              dense
            />
          )}
        </QueryBoundary>
        <PinForm id={id} />
      </div>
    </Panel>
  );
}

const columnsOf = (policy: string): Column<PolicyPin>[] => [
  { key: 'id', title: 'Title', cell: ({ id }) => <span className="mq-mono">{id}</span> },
  {
    key: 'what',
    title: 'What',
    cell: ({ by, position }) =>
      position === undefined ? `Boost ${decimal(by ?? 0, 2)}` : `Place ${position}`,
  },
  { key: 'until', title: 'Until', cell: ({ until }) => <When at={until} /> },
  {
    key: 'state',
    title: 'State',
    cell: ({ active }) =>
      active ? <Pill icon="check" tone="good" label="Active" /> : <Pill icon="clock" label="Over" />,
  },
  { key: 'reason', title: 'Reason', cell: ({ reason }) => reason ?? '—' },
  { key: 'end', title: 'End', quiet: true, cell: (pin) => <EndButton policy={policy} pin={pin} /> },
];

function EndButton({ policy, pin }: { policy: string; pin: PolicyPin }): ReactElement {
  const write = useWrite(['/v1/policies']);
  return (
    <Button
      variant="subtle"
      size="compact-xs"
      aria-label={`End ${pin.id}`}
      loading={write.isPending}
      onClick={() => write.mutate({ path: `${pinsPath(policy)}/${segment(pin.id)}`, method: 'DELETE' })}
    >
      End
    </Button>
  );
}

function PinForm({ id }: { id: string }): ReactElement {
  const [title, setTitle] = useState('');
  const [kind, setKind] = useState('position');
  const [amount, setAmount] = useState(1);
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const write = useWrite(['/v1/policies']);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const body = {
      id: title.trim(),
      [kind]: amount,
      until: new Date(until).toISOString(),
      ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    };
    write.mutate({ path: pinsPath(id), body }, { onSuccess: () => setTitle('') });
  };
  return (
    <form onSubmit={submit} aria-label="Pin or boost a title">
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Title id"
          required
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
        />
        <SegmentedControl
          aria-label="Pin or boost"
          data={[
            { value: 'position', label: 'Pin to place' },
            { value: 'by', label: 'Boost by' },
          ]}
          value={kind}
          onChange={setKind}
        />
        <NumberInput
          label={kind === 'position' ? 'Place' : 'Spreads of the scores'}
          min={kind === 'position' ? 1 : -10}
          max={kind === 'position' ? 100 : 10}
          w={150}
          value={amount}
          onChange={(value) => setAmount(typeof value === 'number' ? value : 1)}
        />
        <TextInput
          label="Until"
          type="datetime-local"
          required
          value={until}
          onChange={(e) => setUntil(e.currentTarget.value)}
        />
        <TextInput label="Reason" value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
        <Button type="submit" loading={write.isPending} disabled={title.trim() === '' || until === ''}>
          Save
        </Button>
      </Group>
      {write.error === null ? null : (
        <Alert color="orange" variant="light" mt="sm" title="Nothing was changed" role="alert">
          {write.error.message}
        </Alert>
      )}
    </form>
  );
}
