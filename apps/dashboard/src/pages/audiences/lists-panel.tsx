import { Alert, Button, Checkbox, FileButton, Group, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useUnitLists } from '../../api/audiences.js';
import type { UnitList } from '../../api/audiences.js';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { slug } from '../../format/slug.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import layout from '../../ui/layout.module.css';
import { ManagedCell } from '../../ui/managed.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';

function Failure({ error }: { error: Error | null }): ReactElement | null {
  if (error === null) return null;
  return (
    <Alert color="orange" variant="light" role="alert" title="That did not work">
      {error.message}
    </Alert>
  );
}

/** Makes an empty list. */
function NewList(): ReactElement {
  const [title, setTitle] = useState('');
  const [hashed, setHashed] = useState(true);
  const write = useWrite(['/v1/unit-lists']);
  const save = (): void =>
    write.mutate(
      { path: '/v1/unit-lists', body: { key: slug(title), title: title.trim(), hashed } },
      { onSuccess: () => setTitle('') },
    );
  return (
    <Panel title="New list" note="Ids come afterwards, as a CSV file whose first column holds them.">
      <div className={layout.stack}>
        <Group align="flex-end">
          <TextInput label="Name" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
          <Checkbox
            label="Keep hashes only"
            description="Nobody can read the ids back"
            checked={hashed}
            onChange={(event) => setHashed(event.currentTarget.checked)}
          />
          <Button disabled={title.trim() === ''} loading={write.isPending} onClick={save}>
            Add list
          </Button>
        </Group>
        <Failure error={write.error} />
      </div>
    </Panel>
  );
}

/** Lists of units: their sizes, who uses them, and a way to add to them. */
export function ListsPanel(): ReactElement {
  const query = useUnitLists();
  const upload = useWrite(['/v1/unit-lists']);
  const send = async (key: string, file: File | null): Promise<void> => {
    if (file === null) return;
    const csv = await file.text();
    upload.mutate({ path: `/v1/unit-lists/${segment(key)}/add`, body: { csv } });
  };
  const columns: Column<UnitList>[] = [
    { key: 'title', title: 'List', cell: ({ title }) => title },
    { key: 'key', title: 'Key', cell: ({ key }) => <span className="mq-mono">{key}</span> },
    { key: 'size', title: 'Units', align: 'right', cell: ({ size }) => size },
    { key: 'hashed', title: 'Kept as', cell: ({ hashed }) => (hashed ? 'hashes' : 'ids') },
    {
      key: 'users',
      title: 'Used by',
      cell: ({ usedBy }) => usedBy.map(({ kind, key }) => `${kind} ${key}`).join(', ') || 'Nobody',
    },
    {
      key: 'add',
      title: 'Add',
      cell: ({ key, title }) => (
        <ManagedCell kind="unitList" of={key} title={title} part="ids">
          <FileButton accept=".csv,text/csv,text/plain" onChange={(file) => void send(key, file)}>
            {(props) => (
              <Button {...props} variant="subtle" size="compact-sm" aria-label={`Add a CSV file to ${title}`}>
                Add CSV
              </Button>
            )}
          </FileButton>
        </ManagedCell>
      ),
    },
  ];
  return (
    <div className={layout.stack}>
      <Panel
        title="Unit lists"
        note="Who is on a list may change at any time; experiments follow at once."
        flush
      >
        <QueryBoundary
          query={query}
          what="unit lists"
          lines={5}
          isEmpty={(page) => page.items.length === 0}
          empty={
            <StateMessage title="No list yet">
              Put testers, partners or everybody who was called on a list, and target it.
            </StateMessage>
          }
        >
          {(page) => (
            <DataTable caption="Unit lists" columns={columns} rows={page.items} rowKey={({ key }) => key} />
          )}
        </QueryBoundary>
        <Failure error={upload.error} />
      </Panel>
      <NewList />
    </div>
  );
}
