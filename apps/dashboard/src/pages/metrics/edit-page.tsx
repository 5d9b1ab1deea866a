import type { ReactElement } from 'react';
import { useParams } from 'react-router';
import { useCatalog, useMetric } from '../../api/queries.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { MetricForm } from './metric-form.js';

export function NewMetricPage(): ReactElement {
  const catalog = useCatalog();
  return (
    <>
      <PageHeader title="New metric" parent={{ to: '/metrics', label: 'Metrics' }} />
      <QueryBoundary query={catalog} what="outcomes" lines={8}>
        {({ outcomes }) => <MetricForm outcomes={outcomes} />}
      </QueryBoundary>
    </>
  );
}

/** A new version of an own metric; experiments that have started keep theirs. */
export function EditMetricPage(): ReactElement {
  const { key = '' } = useParams();
  const catalog = useCatalog();
  const query = useMetric(key);
  return (
    <>
      <PageHeader
        title={`New version of ${query.data?.metric.title ?? key}`}
        parent={{ to: `/metrics/${key}`, label: query.data?.metric.title ?? key }}
        meta="Experiments that have started keep the version they have."
      />
      <QueryBoundary query={query} what="metric" lines={8}>
        {({ metric }) =>
          metric.origin === 'own' ? (
            <QueryBoundary query={catalog} what="outcomes" lines={8}>
              {({ outcomes }) => <MetricForm key={metric.version} outcomes={outcomes} metric={metric} />}
            </QueryBoundary>
          ) : (
            <StateMessage icon="shield" title="Built in">
              This metric is defined by the program. Define your own with another key.
            </StateMessage>
          )
        }
      </QueryBoundary>
    </>
  );
}
