import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { download } from '../../../charts/download.js';
import { useEvidence } from '../../../api/lifecycle.js';
import type { EvidenceSnapshot } from '../../../api/lifecycle.js';
import type { Experiment } from '../../../api/types.js';
import { count, dateTime, humanise } from '../../../format/index.js';
import { Facts } from '../../../ui/details.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';

const ENDED: ReadonlySet<string> = new Set(['stopped', 'shipped', 'archived']);

/** The report that the end was decided on, as it stood. Nothing before the end. */
export function EvidencePanel({ experiment }: { experiment: Experiment }): ReactElement | null {
  return ENDED.has(experiment.status) ? <Snapshots experimentKey={experiment.key} /> : null;
}

function Snapshots({ experimentKey }: { experimentKey: string }): ReactElement {
  const query = useEvidence(experimentKey);
  return (
    <Panel
      title="Evidence"
      note="The report as it stood at the end. It was written once, and the database refuses to change it."
    >
      <QueryBoundary
        query={query}
        what="evidence"
        lines={3}
        isEmpty={({ items }) => items.length === 0}
        empty={<p>No report was kept: no unit was in it, or it ended before reports were kept.</p>}
      >
        {({ items }) => items.map((one) => <Snapshot key={one.status} snapshot={one} />)}
      </QueryBoundary>
    </Panel>
  );
}

function Snapshot({ snapshot }: { snapshot: EvidenceSnapshot }): ReactElement {
  const { status, takenAt, reason, report, sha256 } = snapshot;
  const save = (): void =>
    download(
      `${report.experiment}-${status}.json`,
      new Blob([JSON.stringify(report, null, 2)], { type: 'application/json' }),
    );
  return (
    <>
      <Facts
        facts={[
          { label: humanise(status), value: dateTime(takenAt) },
          { label: 'Reason', value: reason ?? 'none was given' },
          { label: 'Verdict then', value: report.verdict.sentence },
          { label: 'Units then', value: count(report.units.enrolled) },
          { label: 'Fingerprint', value: <span className="mq-mono">{sha256.slice(0, 16)}</span> },
        ]}
      />
      <Button size="xs" variant="default" mt="xs" mb="sm" onClick={save}>
        Save the report of the day it was {status}
      </Button>
    </>
  );
}
