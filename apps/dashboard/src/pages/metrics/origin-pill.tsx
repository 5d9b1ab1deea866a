import type { ReactElement } from 'react';
import type { Metric } from '../../api/types-metrics.js';
import { Pill } from '../../ui/status.js';

export function OriginPill({ metric }: { metric: Metric }): ReactElement {
  if (metric.archived) return <Pill icon="archive" label="Archived" />;
  return metric.origin === 'own' ? (
    <Pill icon="draft" label="Own" />
  ) : (
    <Pill icon="shield" label="Built-in" />
  );
}
