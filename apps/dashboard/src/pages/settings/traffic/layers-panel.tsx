import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useLayers } from '../../../api/queries.js';
import type { Layer } from '../../../api/types-layers.js';
import { dealtBy } from '../../../format/dealing.js';
import { percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { ManagedCell } from '../../../ui/managed.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import styles from '../settings.module.css';

const taken = ({ ranges = [] }: Layer): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

const COLUMNS: Column<Layer>[] = [
  {
    key: 'layer',
    title: 'Layer',
    cell: (layer) => (
      <div className={styles.wide}>
        <strong>{layer.title}</strong>
        <span className="mq-mono">{layer.key}</span>
        <ManagedCell kind="layer" of={layer.key} title={layer.title} />
      </div>
    ),
  },
  {
    key: 'unit',
    title: 'Deals by',
    cell: (layer) => dealtBy(layer).join(', ') || 'whoever comes first',
  },
  { key: 'free', title: 'Free', align: 'right', cell: (layer) => percent(Math.max(0, 1 - taken(layer)), 1) },
  {
    key: 'owners',
    title: 'Held by',
    cell: ({ ranges = [] }) =>
      ranges.length === 0 ? (
        'nobody'
      ) : (
        <ul aria-label="Experiments of the layer">
          {ranges.map(({ experiment, from, to }) => (
            <li key={`${experiment} ${from}`}>
              <Link to={`/experiments/${experiment}/setup`}>{experiment}</Link>, {percent(from, 1)} to{' '}
              {percent(to, 1)}
            </li>
          ))}
        </ul>
      ),
  },
];

/** Who shares traffic with whom: experiments in one layer never meet, in different layers they do by chance. */
export function LayersPanel(): ReactElement {
  return (
    <Panel
      title="Layers"
      note="Experiments with parts of one layer never share a unit: a layer deals by one kind of unit. An experiment may have parts of several layers."
      flush
    >
      <QueryBoundary query={useLayers()} what="layers" isEmpty={(page) => page.items.length === 0}>
        {(page) => (
          <DataTable caption="Layers" columns={COLUMNS} rows={page.items} rowKey={(layer) => layer.key} />
        )}
      </QueryBoundary>
    </Panel>
  );
}
