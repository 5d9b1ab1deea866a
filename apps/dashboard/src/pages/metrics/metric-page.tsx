import { Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { useManagedBy } from '../../api/config-files.js';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useMetric } from '../../api/queries.js';
import type { Json } from '../../api/types.js';
import type { Metric, MetricDetail } from '../../api/types-metrics.js';
import { ROLE, humanise, percent, plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Facts, JsonBlock, When } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { ManagedBanner } from '../../ui/managed.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { StatusPill } from '../../ui/status.js';
import { OriginPill } from './origin-pill.js';
import { metricSentence } from './sentence.js';
import { KIND, MEASURED_IN } from './words.js';
import styles from './metrics.module.css';

export function MetricPage(): ReactElement {
  const { key = '' } = useParams();
  const query = useMetric(key);
  const metric = query.data?.metric;
  return (
    <>
      <PageHeader
        title={metric?.title ?? key}
        parent={{ to: '/metrics', label: 'Metrics' }}
        status={metric === undefined ? undefined : <OriginPill metric={metric} />}
        meta={
          metric === undefined ? undefined : (
            <>
              <span>{KIND[metric.kind]}</span>
              <span className="mq-mono">{metric.key}</span>
              <span>version {metric.version}</span>
            </>
          )
        }
        actions={metric?.origin === 'own' ? <OwnActions metric={metric} /> : undefined}
      />
      <QueryBoundary query={query} what="metric" lines={8}>
        {(detail) => (
          <>
            <ManagedBanner kind="metric" of={key} />
            <Detail detail={detail} />
          </>
        )}
      </QueryBoundary>
    </>
  );
}

function OwnActions({ metric }: { metric: Metric }): ReactElement | null {
  const managed = useManagedBy('metric', metric.key);
  const write = useWrite(['/v1/metrics', '/v1/catalog']);
  const action = metric.archived ? 'restore' : 'archive';
  if (managed !== null) return null;
  return (
    <Group gap="xs">
      <Button
        component={Link}
        to={`/metrics/${metric.key}/edit`}
        variant="default"
        leftSection={<Icon name="draft" size={14} />}
      >
        New version
      </Button>
      <Button
        variant="default"
        loading={write.isPending}
        leftSection={<Icon name={metric.archived ? 'rollback' : 'archive'} size={14} />}
        onClick={() => write.mutate({ path: `/v1/metrics/${segment(metric.key)}/${action}` })}
      >
        {humanise(action)}
      </Button>
      {write.error === null ? null : <span role="alert">{write.error.message}</span>}
    </Group>
  );
}

function Detail({ detail }: { detail: MetricDetail }): ReactElement {
  const { metric } = detail;
  return (
    <div className={layout.stack}>
      <Panel title="What it measures" note={metric.description}>
        <p className={styles.sentence}>{metricSentence(metric)}</p>
      </Panel>
      <div className={layout.split}>
        <Panel title="Settings">
          <Facts facts={factsOf(metric)} />
        </Panel>
        <Panel title="Definition">
          <JsonBlock value={detail.versions[0]?.definition as unknown as Json} label="Definition" />
        </Panel>
      </div>
      <UsesPanel detail={detail} />
      {metric.origin === 'own' ? <VersionsPanel detail={detail} /> : null}
    </div>
  );
}

const orNone = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? 'none' : format(value);

const factsOf = (metric: Metric) => [
  { label: 'Family', value: humanise(metric.family) },
  { label: 'Better when', value: metric.betterWhen },
  { label: 'Measured in', value: MEASURED_IN[metric.measuredIn] },
  {
    label: 'Matures after',
    value: metric.maturityDays === 0 ? 'at once' : plural(metric.maturityDays, 'day'),
  },
  { label: 'CUPED window', value: orNone(metric.covariateDays, (days) => plural(days, 'day')) },
  { label: 'Smallest lift that matters', value: orNone(metric.minimumLift, (lift) => percent(lift)) },
  { label: 'Guardrail margin', value: orNone(metric.guardrailMargin, (margin) => percent(margin)) },
];

type Use = MetricDetail['experiments'][number];

const USES: Column<Use>[] = [
  {
    key: 'experiment',
    title: 'Experiment',
    cell: (use) => (
      <Link className="mq-link" to={`/experiments/${use.experiment}`}>
        {use.title}
      </Link>
    ),
  },
  { key: 'status', title: 'Status', cell: (use) => <StatusPill status={use.status} /> },
  { key: 'role', title: 'As', cell: (use) => ROLE[use.role] },
  {
    key: 'version',
    title: 'Version',
    align: 'right',
    cell: (use) => (use.version === null ? 'the newest' : use.version),
  },
];

function UsesPanel({ detail: { experiments } }: { detail: MetricDetail }): ReactElement {
  return (
    <Panel title="Experiments that use it" note="Each keeps the version that it was started with." flush>
      {experiments.length > 0 ? (
        <DataTable
          caption="Experiments that use it"
          columns={USES}
          rows={experiments}
          rowKey={(use) => use.experiment}
        />
      ) : (
        <StateMessage icon="experiments" title="Not used yet">
          No experiment is judged by this metric.
        </StateMessage>
      )}
    </Panel>
  );
}

type Version = MetricDetail['versions'][number];

const VERSIONS: Column<Version>[] = [
  { key: 'version', title: 'Version', cell: (entry) => entry.version },
  {
    key: 'measures',
    title: 'What it measures',
    cell: (entry) => (
      <div className={styles.name}>
        <strong>{entry.definition.title}</strong>
        <span className={styles.note}>{metricSentence(entry.definition)}</span>
      </div>
    ),
  },
  { key: 'by', title: 'By', cell: (entry) => entry.createdBy ?? 'the program' },
  { key: 'at', title: 'Made', cell: (entry) => <When at={entry.createdAt} /> },
];

const VersionsPanel = ({ detail: { versions } }: { detail: MetricDetail }): ReactElement => (
  <Panel title="Versions" note="The newest first." flush>
    <DataTable
      caption="Versions"
      columns={VERSIONS}
      rows={versions}
      rowKey={(entry) => String(entry.version)}
    />
  </Panel>
);
