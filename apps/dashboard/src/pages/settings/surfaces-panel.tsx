import type { ReactElement } from 'react';
import { useSurfaces } from '../../api/queries.js';
import type { Surface } from '../../api/types.js';
import { json } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { ManagedCell } from '../../ui/managed.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './settings.module.css';

const KINDS = { value: 'gives a value', action: 'picks one', slate: 'orders many' } as const;

const COLUMNS: Column<Surface>[] = [
  {
    key: 'surface',
    title: 'Surface',
    cell: (surface) => (
      <div className={styles.wide}>
        <strong>{surface.title}</strong>
        <span className="mq-mono">{surface.key}</span>
        <ManagedCell kind="surface" of={surface.key} title={surface.title} />
      </div>
    ),
  },
  { key: 'kind', title: 'Kind', cell: (surface) => KINDS[surface.kind] },
  {
    key: 'default',
    title: 'Default',
    cell: (surface) =>
      surface.kind === 'value' ? (
        <code className="mq-mono">{json(surface.defaultValue)}</code>
      ) : (
        'registered order'
      ),
  },
  {
    key: 'candidates',
    title: 'Candidates',
    cell: (surface) => surface.candidateKind ?? 'sent with each request',
  },
];

/** The places in the product where a treatment shows. */
export function SurfacesPanel(): ReactElement {
  const query = useSurfaces();
  return (
    <Panel title="Surfaces" note="Places in the product where a treatment shows. Apps ask by key." flush>
      <QueryBoundary
        query={query}
        what="surfaces"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage title="No surface is registered">
            Create one with POST /v1/surfaces, or start the demo world.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Surfaces"
            columns={COLUMNS}
            rows={page.items}
            rowKey={(surface) => surface.key}
          />
        )}
      </QueryBoundary>
    </Panel>
  );
}
