import type { ReactElement } from 'react';
import { useChecklist } from '../../../api/lifecycle.js';
import type { LaunchCheck } from '../../../api/lifecycle.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { Pill } from '../../../ui/status.js';

const TITLES: Readonly<Record<string, string>> = {
  complete: 'Design',
  metrics: 'Metrics',
  guardrails: 'Guardrails',
  power: 'Size',
  targeting: 'Reach',
  clash: 'Surface',
  approval: 'Approval',
};

/** What the product found of everything that should be true before a start. */
export function LaunchPanel({ experimentKey }: { experimentKey: string }): ReactElement {
  return (
    <Panel
      title="Pre-launch checks"
      note="From the history of the surface and everything else that runs on it."
      flush
    >
      <LaunchChecks query={useChecklist(experimentKey)} />
    </Panel>
  );
}

export function LaunchChecks({ query }: { query: ReturnType<typeof useChecklist> }): ReactElement {
  const columns: Column<LaunchCheck>[] = [
    { key: 'what', title: 'Checked', cell: ({ code }) => TITLES[code] ?? code },
    { key: 'state', title: 'State', cell: (check) => <State check={check} /> },
    { key: 'found', title: 'Found', cell: ({ text }) => text },
  ];
  return (
    <QueryBoundary query={query} what="checks" lines={6}>
      {({ items }) => (
        <DataTable caption="Pre-launch checks" columns={columns} rows={items} rowKey={({ code }) => code} />
      )}
    </QueryBoundary>
  );
}

function State({ check: { status, level } }: { check: LaunchCheck }): ReactElement {
  if (status === 'pass') return <Pill tone="good" icon="check" label="Fine" />;
  if (status === 'unknown') return <Pill icon="info" label="Not known" />;
  return level === 'needed' ? (
    <Pill tone="bad" icon="cross" label="Needed" />
  ) : (
    <Pill icon="warning" label="Advised" />
  );
}
