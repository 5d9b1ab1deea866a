import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { useSegments } from '../../api/audiences.js';
import type { Segment } from '../../api/audiences.js';
import { conditionSentence } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Icon } from '../../ui/icon.js';
import { ManagedCell } from '../../ui/managed.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { SegmentDialog } from './segment-dialog.js';

function Users({ segment }: { segment: Segment }): ReactElement {
  if (segment.usedBy.length === 0) return <>Nobody</>;
  return (
    <>
      {segment.usedBy.map(({ experiment, title, version }, i) => (
        <span key={`${experiment} ${version ?? ''}`}>
          {i > 0 ? ', ' : ''}
          <Link className="mq-link" to={`/experiments/${experiment}/setup`}>
            {title}
          </Link>
          {version === null ? ' (latest)' : ` (version ${version})`}
        </span>
      ))}
    </>
  );
}

/** Saved conditions, and who uses which version. */
export function SegmentsPanel(): ReactElement {
  const query = useSegments();
  // Null: closed; undefined: a new one.
  const [editing, setEditing] = useState<Segment | undefined | null>(null);
  const columns: Column<Segment>[] = [
    { key: 'title', title: 'Segment', cell: ({ title }) => title },
    { key: 'key', title: 'Key', cell: ({ key }) => <span className="mq-mono">{key}</span> },
    { key: 'condition', title: 'Matches', cell: ({ condition }) => conditionSentence(condition) },
    { key: 'version', title: 'Version', align: 'right', cell: ({ version }) => version },
    { key: 'users', title: 'Used by', cell: (segment) => <Users segment={segment} /> },
    {
      key: 'edit',
      title: 'Change',
      cell: (segment) => (
        <ManagedCell kind="segment" of={segment.key} title={segment.title}>
          <Button
            variant="subtle"
            size="compact-sm"
            aria-label={`Change ${segment.title}`}
            onClick={() => setEditing(segment)}
          >
            Change
          </Button>
        </ManagedCell>
      ),
    },
  ];
  const create = (
    <Button leftSection={<Icon name="plus" />} onClick={() => setEditing(undefined)}>
      New segment
    </Button>
  );
  return (
    <Panel
      title="Segments"
      note="Another condition is another version. Nobody who runs is moved."
      actions={create}
      flush
    >
      <QueryBoundary
        query={query}
        what="segments"
        lines={5}
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage title="No segment yet">
            Save a condition once, and use it in the targeting of every experiment.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable caption="Segments" columns={columns} rows={page.items} rowKey={({ key }) => key} />
        )}
      </QueryBoundary>
      <SegmentDialog
        key={editing === null ? 'closed' : (editing?.key ?? 'new')}
        opened={editing !== null}
        segment={editing ?? null}
        close={() => setEditing(null)}
      />
    </Panel>
  );
}
