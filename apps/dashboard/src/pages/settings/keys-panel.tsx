import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useKeys } from '../../api/queries.js';
import { signOut, useSession } from '../../api/session.js';
import type { ApiKey } from '../../api/types.js';
import { humanise } from '../../format/index.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import { CreateKeyDialog } from './create-key-dialog.js';

function columns(revoke: (key: ApiKey) => void): Column<ApiKey>[] {
  return [
    { key: 'name', title: 'Name', cell: (key) => <strong>{key.name}</strong> },
    {
      key: 'role',
      title: 'Role',
      cell: (key) => <Pill icon={key.role === 'admin' ? 'shield' : 'info'} label={humanise(key.role)} />,
    },
    { key: 'prefix', title: 'Begins with', cell: (key) => <span className="mq-mono">{key.prefix}…</span> },
    { key: 'created', title: 'Created', cell: (key) => <When at={key.createdAt} /> },
    {
      key: 'used',
      title: 'Last used',
      cell: (key) => (key.lastUsedAt === undefined ? '—' : <When at={key.lastUsedAt} />),
    },
    {
      key: 'revoke',
      title: 'Revoke',
      quiet: true,
      align: 'right',
      cell: (key) =>
        key.revokedAt === undefined || key.revokedAt === null ? (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`Revoke ${key.name}`}
            onClick={() => revoke(key)}
          >
            Revoke
          </Button>
        ) : (
          <Pill tone="bad" icon="cross" label="Revoked" />
        ),
    },
  ];
}

/** Keys: create (shown once), revoke; and the key of this tab. */
export function KeysPanel(): ReactElement {
  const query = useKeys();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const create = (
    <Button size="sm" leftSection={<Icon name="plus" />} onClick={() => setCreating(true)}>
      New key
    </Button>
  );
  return (
    <div className={layout.stack}>
      <Panel
        title="API keys"
        note="Stored hashed: a key is shown once, when it is created."
        actions={create}
        flush
      >
        <QueryBoundary
          query={query}
          what="keys"
          isEmpty={(page) => page.items.length === 0}
          empty={
            <StateMessage icon="shield" title="No keys">
              Create a publishable key first; apps need only that.
            </StateMessage>
          }
        >
          {(page) => (
            <DataTable
              caption="API keys"
              columns={columns(setRevoking)}
              rows={page.items}
              rowKey={(key) => key.id}
            />
          )}
        </QueryBoundary>
      </Panel>
      <TabSession />
      {creating ? <CreateKeyDialog close={() => setCreating(false)} /> : null}
      {revoking === null ? null : <RevokeDialog apiKey={revoking} close={() => setRevoking(null)} />}
    </div>
  );
}

function TabSession(): ReactElement {
  const { key } = useSession();
  return (
    <Panel title="This tab">
      {key === null ? (
        <p style={{ margin: 0 }}>
          Signed in by the local session: this dashboard runs on your machine and adds its own key.
        </p>
      ) : (
        <Button variant="default" onClick={signOut}>
          Sign out
        </Button>
      )}
    </Panel>
  );
}

function RevokeDialog({ apiKey, close }: { apiKey: ApiKey; close: () => void }): ReactElement {
  const write = useWrite(['/v1/keys']);
  return (
    <ConfirmDialog
      opened
      title={`Revoke ${apiKey.name}`}
      confirmLabel="Revoke"
      danger
      reason="none"
      pending={write.isPending}
      error={write.error}
      onConfirm={() =>
        write.mutate({ path: `/v1/keys/${segment(apiKey.id)}`, method: 'DELETE' }, { onSuccess: close })
      }
      onClose={close}
    >
      Apps that use it get 401 within seconds and show their own defaults. This cannot be undone.
    </ConfirmDialog>
  );
}
