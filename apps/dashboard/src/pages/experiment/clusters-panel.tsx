import type { ReactElement, ReactNode } from 'react';
import { useClusters } from '../../api/clusters.js';
import type { ClusterComparison, ClusterReport } from '../../api/clusters.js';
import type { Experiment } from '../../api/types.js';
import { count, decimal } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Stat, Stats } from '../../ui/details.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';

const COLUMNS: Column<ClusterComparison>[] = [
  { key: 'metric', title: 'Metric', cell: ({ title }) => title },
  { key: 'arm', title: 'Arm', cell: ({ arm, control }) => `${arm} against ${control}` },
  {
    key: 'clusters',
    title: 'Clusters',
    align: 'right',
    cell: ({ controlArm, treatmentArm }) =>
      `${count(treatmentArm.clusters)} against ${count(controlArm.clusters)}`,
  },
  {
    key: 'effect',
    title: 'Design effect',
    align: 'right',
    cell: ({ designEffect }) =>
      designEffect === null ? (
        <Missing reason="Too few clusters, or values that do not vary" />
      ) : (
        decimal(designEffect, 2)
      ),
  },
];

/** The clusters that units were assigned by: how many, how large, and what they cost in precision. */
export function ClustersPanel({ experiment }: { experiment: Experiment }): ReactElement | null {
  const by = experiment.clusterBy ?? null;
  return by === null ? null : <Shown experimentKey={experiment.key} by={by} />;
}

function Shown({ experimentKey, by }: { experimentKey: string; by: string }): ReactElement {
  return (
    <Panel
      title={`Assigned by ${by}`}
      note={`Everybody of one ${by} gets the same arm. Lifts are about units; their intervals take each ${by} as one (Liang and Zeger 1986), and n counts each ${by}. The design effect says how many times as large the variance is as if every unit had been assigned by itself.`}
    >
      <QueryBoundary query={useClusters(experimentKey)} what="clusters" lines={4}>
        {(report) => <Sizes report={report} />}
      </QueryBoundary>
    </Panel>
  );
}

function Sizes({ report }: { report: ClusterReport }): ReactElement {
  const { clusters, units, meanSize, largestSize, unitsWithoutCluster, comparisons, withoutForm } = report;
  return (
    <>
      <Stats>
        <Stat label="Clusters" value={count(clusters)} note={`${count(units)} units`} />
        <Stat label="Mean size" value={decimal(meanSize, 2)} note={`largest ${count(largestSize)}`} />
        <Stat
          label="Without a cluster"
          value={count(unitsWithoutCluster)}
          note="units that count in no lift"
        />
      </Stats>
      <DataTable
        caption="Design effect by metric"
        columns={COLUMNS}
        rows={comparisons}
        rowKey={({ metric, arm }) => `${metric}/${arm}`}
      />
      {withoutForm.length === 0 ? null : (
        <p className="mq-muted">
          No lift is shown of {withoutForm.map(({ title }) => title).join(', ')}: quantiles, times to an event
          and caps at a quantile have no error that knows of clusters.
        </p>
      )}
    </>
  );
}

/** What takes every unit for one that was assigned by itself; not shown where units were assigned by cluster. */
export function OwnAssignment({
  experiment: { clusterBy = null },
  children,
}: {
  experiment: Pick<Experiment, 'clusterBy'>;
  children: ReactNode;
}): ReactNode {
  if (clusterBy === null) return children;
  return (
    <StateMessage title={`Not shown: units are assigned by ${clusterBy}`}>
      This analysis counts every unit as if it had been assigned by itself, so its intervals would be too
      narrow. Results, Segments and the rates of events know of the clusters.
    </StateMessage>
  );
}
