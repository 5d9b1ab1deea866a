import { Button, Group, Modal } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { VIEWS_PATH, viewPath } from '../../api/experiment-list.js';
import type { SavedView } from '../../api/experiment-list.js';
import { useWrite } from '../../api/mutations.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { ViewDialog } from './view-dialog.js';

interface Doing {
  what: 'edit' | 'delete';
  view: SavedView;
}

/** All views that the key sees, to rename, share, put first or delete. */
export function ViewsDialog({
  views,
  close,
}: {
  views: readonly SavedView[];
  close: () => void;
}): ReactElement {
  const [doing, setDoing] = useState<Doing | null>(null);
  const done = (): void => setDoing(null);
  if (doing?.what === 'edit') return <ViewDialog view={doing.view} query={doing.view.query} close={done} />;
  if (doing !== null) return <DeleteDialog view={doing.view} close={done} />;
  return (
    <Modal opened onClose={close} title="Saved views" size="lg">
      <DataTable caption="Saved views" columns={columns(setDoing)} rows={views} rowKey={({ id }) => id} />
    </Modal>
  );
}

function columns(start: (doing: Doing) => void): Column<SavedView>[] {
  return [
    { key: 'name', title: 'View', cell: ({ name }) => name },
    {
      key: 'for',
      title: 'Seen by',
      cell: ({ shared, isDefault }) => `${shared ? 'everybody' : 'you'}${isDefault ? ', opens first' : ''}`,
    },
    { key: 'by', title: 'Saved by', cell: ({ createdBy }) => createdBy.replace(/ \([^)]*\)$/, '') },
    {
      key: 'actions',
      title: 'Actions',
      quiet: true,
      align: 'right',
      cell: (view) => (
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          {(['edit', 'delete'] as const).map((what) => (
            <Button
              key={what}
              size="compact-sm"
              variant="default"
              aria-label={`${what === 'edit' ? 'Edit' : 'Delete'} ${view.name}`}
              onClick={() => start({ what, view })}
            >
              {what === 'edit' ? 'Edit' : 'Delete'}
            </Button>
          ))}
        </Group>
      ),
    },
  ];
}

function DeleteDialog({ view, close }: { view: SavedView; close: () => void }): ReactElement {
  const write = useWrite([VIEWS_PATH]);
  return (
    <ConfirmDialog
      opened
      title={`Delete the view “${view.name}”?`}
      confirmLabel="Delete view"
      danger
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() => write.mutate({ path: viewPath(view.id), method: 'DELETE' }, { onSuccess: close })}
      onClose={close}
    >
      {view.shared ? 'Nobody will find it in the list any more.' : 'Only you see it.'} No experiment changes.
    </ConfirmDialog>
  );
}
