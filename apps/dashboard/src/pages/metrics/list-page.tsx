import { Button, Select, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { useMetrics } from '../../api/queries.js';
import type { Metric, MetricKind } from '../../api/types-metrics.js';
import { humanise } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import panel from '../../ui/panel.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { OriginPill } from './origin-pill.js';
import { KIND, choices } from './words.js';
import styles from './metrics.module.css';

const COLUMNS: Column<Metric>[] = [
  {
    key: 'metric',
    title: 'Metric',
    cell: (metric) => (
      <div className={styles.name}>
        <Link className="mq-link" to={`/metrics/${metric.key}`}>
          {metric.title}
        </Link>
        <span className={styles.note}>{metric.description}</span>
      </div>
    ),
  },
  { key: 'key', title: 'Key', cell: (metric) => <span className="mq-mono">{metric.key}</span> },
  { key: 'kind', title: 'Kind', cell: (metric) => KIND[metric.kind] },
  { key: 'direction', title: 'Better when', cell: (metric) => metric.betterWhen },
  { key: 'family', title: 'Family', cell: (metric) => humanise(metric.family) },
  { key: 'version', title: 'Version', align: 'right', cell: (metric) => metric.version },
  { key: 'origin', title: 'Origin', cell: (metric) => <OriginPill metric={metric} /> },
];

const ORIGIN = { 'built-in': 'Built-in', own: 'Own' } as const;

function shown(metrics: readonly Metric[], text: string, kind: string, origin: string): Metric[] {
  const wanted = text.trim().toLowerCase();
  return metrics.filter(
    (metric) =>
      (kind === '' || metric.kind === kind) &&
      (origin === '' || metric.origin === origin) &&
      `${metric.title} ${metric.key} ${metric.description}`.toLowerCase().includes(wanted),
  );
}

/** Every metric that experiments can use: those of the program and those that analysts made. */
export function MetricsPage(): ReactElement {
  const [archived, setArchived] = useUrlState('archived');
  const [text, setText] = useUrlState('text');
  const [kind, setKind] = useUrlState('kind');
  const [origin, setOrigin] = useUrlState('origin');
  const query = useMetrics(archived === 'true');
  const create = (
    <Button component={Link} to="/metrics/new" leftSection={<Icon name="plus" />}>
      New metric
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Metrics"
        meta="What experiments can be judged by. Every change is a new version; a report keeps the one it began with."
        actions={create}
      />
      <div className={layout.toolbar} role="search">
        <TextInput
          className={layout.grow ?? ''}
          aria-label="Search by name or key"
          placeholder="Search by name or key"
          leftSection={<Icon name="decisions" />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Select
          aria-label="Kind"
          placeholder="All kinds"
          w={168}
          data={choices(KIND)}
          value={kind === '' ? null : (kind as MetricKind)}
          onChange={setKind}
        />
        <Select
          aria-label="Origin"
          placeholder="Built-in and own"
          w={168}
          data={choices(ORIGIN)}
          value={origin === '' ? null : origin}
          onChange={setOrigin}
        />
        <Switch
          label="Show archived"
          checked={archived === 'true'}
          onChange={(event) => setArchived(event.currentTarget.checked ? 'true' : null)}
        />
      </div>
      <div className={panel.panel}>
        <QueryBoundary query={query} what="metrics" lines={8}>
          {(page) => {
            const rows = shown(page.items, text, kind, origin);
            return rows.length > 0 ? (
              <DataTable caption="Metrics" columns={COLUMNS} rows={rows} rowKey={(metric) => metric.key} />
            ) : (
              <StateMessage title="No metric matches">
                None of {page.items.length} metrics matches the search.
              </StateMessage>
            );
          }}
        </QueryBoundary>
      </div>
    </>
  );
}
