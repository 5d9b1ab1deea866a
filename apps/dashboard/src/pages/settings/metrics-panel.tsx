import type { ReactElement } from 'react';
import { useCatalog } from '../../api/queries.js';
import type { MetricDefinition } from '../../api/types.js';
import { humanise, percent, plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import styles from './settings.module.css';

const COLUMNS: Column<MetricDefinition>[] = [
  {
    key: 'metric',
    title: 'Metric',
    cell: (metric) => (
      <div className={styles.wide}>
        <strong>{metric.title}</strong>
        <span className={styles.note}>{metric.description}</span>
      </div>
    ),
  },
  { key: 'key', title: 'Key', cell: (metric) => <span className="mq-mono">{metric.key}</span> },
  { key: 'kind', title: 'Kind', cell: (metric) => `${humanise(metric.kind)}, ${metric.family}` },
  { key: 'better', title: 'Better when', cell: (metric) => metric.betterWhen },
  {
    key: 'maturity',
    title: 'Matures after',
    align: 'right',
    cell: (metric) => (metric.maturityDays === 0 ? 'at once' : plural(metric.maturityDays, 'day')),
  },
  {
    key: 'cuped',
    title: 'CUPED window',
    align: 'right',
    cell: (metric) => (metric.covariateDays === undefined ? 'none' : plural(metric.covariateDays, 'day')),
  },
  {
    key: 'margin',
    title: 'Guardrail margin',
    align: 'right',
    cell: (metric) => (metric.guardrailMargin === undefined ? 'none' : percent(metric.guardrailMargin)),
  },
];

/** The registered metrics; they are defined in code, so that a number means the same in every report. */
export function MetricsPanel(): ReactElement {
  const query = useCatalog();
  return (
    <Panel
      title="Metrics"
      note="Defined in code and versioned with it, so that a number means the same in every report."
      flush
    >
      <QueryBoundary query={query} what="metrics" isEmpty={(catalog) => catalog.metrics.length === 0}>
        {(catalog) => (
          <DataTable
            caption="Metrics"
            columns={COLUMNS}
            rows={catalog.metrics}
            rowKey={(metric) => metric.key}
          />
        )}
      </QueryBoundary>
    </Panel>
  );
}
