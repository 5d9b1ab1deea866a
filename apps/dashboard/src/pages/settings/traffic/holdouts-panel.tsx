import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useHoldouts } from '../../../api/traffic.js';
import type { Holdout } from '../../../api/types.js';
import { conditionSentence, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { ManagedCell } from '../../../ui/managed.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { StateMessage } from '../../../ui/state-message.js';
import { Pill } from '../../../ui/status.js';
import styles from '../settings.module.css';
import { HoldoutDialog } from './holdout-dialog.js';

/** What a holdout takes away, in words. */
function scope({ tags, surfaces }: Holdout): string {
  const what = (tags ?? null) === null ? 'every experiment' : `experiments tagged ${tags?.join(' or ')}`;
  return surfaces === null ? what : `${what}, on ${surfaces.join(', ')}`;
}

const columns = (edit: (holdout: Holdout) => void): Column<Holdout>[] => [
  {
    key: 'holdout',
    title: 'Holdout',
    cell: (holdout) => (
      <div className={styles.wide}>
        <strong>{holdout.title}</strong>
        <span className="mq-mono">{holdout.key}</span>
      </div>
    ),
  },
  { key: 'on', title: 'State', cell: ({ enabled }) => <Pill label={enabled ? 'On' : 'Off'} /> },
  { key: 'share', title: 'Share', align: 'right', cell: ({ share }) => percent(share, 1) },
  { key: 'from', title: 'Withholds', cell: scope },
  {
    key: 'except',
    title: 'Spares',
    cell: ({ except }) => ((except ?? null) === null ? 'nobody' : conditionSentence(except ?? null)),
  },
  {
    key: 'edit',
    title: 'Change',
    cell: (holdout) => (
      <ManagedCell kind="holdout" of={holdout.key} title={holdout.title}>
        <Button
          size="compact-xs"
          variant="default"
          aria-label={`Edit ${holdout.title}`}
          onClick={() => edit(holdout)}
        >
          Edit
        </Button>
      </ManagedCell>
    ),
  },
];

/** Units that get the default, of everything or of one area. */
export function HoldoutsPanel(): ReactElement {
  const [open, setOpen] = useState<Holdout | 'new' | null>(null);
  const query = useHoldouts();
  return (
    <Panel
      title="Holdouts"
      note="Their units get the default, also of what is shipped. What they miss is in the portfolio."
      actions={
        <Button size="xs" variant="default" onClick={() => setOpen('new')}>
          New holdout
        </Button>
      }
      flush
    >
      <QueryBoundary
        query={query}
        what="holdouts"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage title="No holdout yet">
            Without one, nothing shows whether the lifts of all experiments add up.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Holdouts"
            columns={columns(setOpen)}
            rows={page.items}
            rowKey={({ key }) => key}
          />
        )}
      </QueryBoundary>
      {open === null ? null : (
        <HoldoutDialog holdout={open === 'new' ? null : open} close={() => setOpen(null)} />
      )}
    </Panel>
  );
}
