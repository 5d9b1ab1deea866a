import { Button, Checkbox, Group, Modal, Stack, TextInput } from '@mantine/core';
import type { FormEvent, ReactElement } from 'react';
import { useState } from 'react';
import { VIEWS_PATH, viewPath } from '../../api/experiment-list.js';
import type { ListQuery, SavedView } from '../../api/experiment-list.js';
import { useWrite } from '../../api/mutations.js';
import { NotSaved } from '../../ui/not-saved.js';

interface ViewDialogProps {
  /** The view that is changed; null: the filter becomes a new one. */
  view: SavedView | null;
  query: ListQuery;
  close: () => void;
  saved?: (view: SavedView) => void;
}

/** Name of a view, and who sees it. */
export function ViewDialog({ view, query, close, saved }: ViewDialogProps): ReactElement {
  const [name, setName] = useState(view?.name ?? '');
  const [shared, setShared] = useState(view?.shared ?? false);
  const [isDefault, setDefault] = useState(view?.isDefault ?? false);
  const write = useWrite<SavedView>([VIEWS_PATH]);
  const save = (event: FormEvent): void => {
    event.preventDefault();
    const fields = { name: name.trim(), shared, isDefault };
    write.mutate(
      view === null
        ? { path: VIEWS_PATH, body: { ...fields, query } }
        : { path: viewPath(view.id), method: 'PATCH', body: fields },
      {
        onSuccess: (stored) => {
          saved?.(stored);
          close();
        },
      },
    );
  };
  return (
    <Modal opened onClose={close} title={view === null ? 'Save as a view' : 'Edit view'}>
      <form onSubmit={save}>
        <Stack gap="md">
          <TextInput
            label="Name"
            required
            maxLength={80}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <Checkbox
            label="Share with everybody"
            description="Needs the role admin. Otherwise only your key sees it."
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
          <Checkbox
            label="Open it first"
            description={shared ? 'For everybody without a first view of their own.' : 'For you.'}
            checked={isDefault}
            onChange={(event) => setDefault(event.currentTarget.checked)}
          />
          <NotSaved title="The view was not saved" error={write.error} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={write.isPending} disabled={name.trim() === ''}>
              Save view
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
