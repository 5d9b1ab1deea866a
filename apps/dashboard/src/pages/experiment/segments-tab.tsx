import { Alert, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Experiment } from '../../api/types.js';
import type { SegmentScan } from '../../api/types-units.js';
import { useSegmentScan } from '../../api/unit-queries.js';
import { ROLE, dateTime, percent, plural } from '../../format/index.js';
import { CodeBlock } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { Blocked } from './blocked.js';
import { NotStarted } from './not-started.js';
import { PooledNote } from './pooled-note.js';
import { isBlocked, useReportView } from './report-choice.js';
import { SegmentTable, countedOf } from './segment-table.js';

/** Every metric in every segment: where does the effect differ? */
export function SegmentsTab({ experiment }: { experiment: Experiment }): ReactElement {
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  return <Scan experiment={experiment} />;
}

function Scan({ experiment }: { experiment: Experiment }): ReactElement {
  const view = useReportView(experiment.key);
  const query = useSegmentScan(experiment.key, view.estimator || null, view.settings);
  const report = view.query.data;
  const blocked = report !== undefined && isBlocked(report);
  return (
    <QueryBoundary
      query={query}
      what="segments"
      lines={10}
      isEmpty={(scan) => scan.attributes.length === 0}
      empty={
        <Panel title="Segments">
          <StateMessage title="No attributes to split by">
            Send attributes in the context of the request; each unit keeps those of its first exposure.
            <CodeBlock label="Request with attributes" code={REQUEST} />
          </StateMessage>
        </Panel>
      }
    >
      {(scan) => (
        <Shown
          experiment={experiment}
          scan={scan}
          muted={blocked && !view.showAnyway}
          actions={
            blocked ? <Blocked view={view} experimentKey={experiment.key} /> : <PooledNote report={report} />
          }
        />
      )}
    </QueryBoundary>
  );
}

const REQUEST = `{"unitId": "m_1", "context": {"device": "tv", "country": "DE"},
 "requests": [{"surface": "home"}]}`;

const ROLES = ['decision', 'guardrail', 'secondary'] as const;

interface ShownProps {
  experiment: Experiment;
  scan: SegmentScan;
  muted: boolean;
  actions: ReactElement | undefined;
}

function Shown({ experiment, scan, muted, actions }: ShownProps): ReactElement {
  const [arm, setArm] = useUrlState('arm');
  const [attribute, setAttribute] = useUrlState('attribute');
  const [role, setRole] = useUrlState('role');
  const arms = experiment.arms.filter(({ key }) => key !== scan.baseline);
  const shownArm = arms.find(({ key }) => key === arm)?.key ?? arms[0]?.key ?? '';
  const attributes = scan.attributes.filter((one) => attribute === '' || one.attribute === attribute);
  const metrics = scan.metrics.filter((one) => role === '' || one.role === role);
  return (
    <>
      <div className={layout.toolbar}>
        <Select
          label="Arm"
          w={220}
          allowDeselect={false}
          data={arms.map(({ key, title }) => ({ value: key, label: title }))}
          value={shownArm}
          onChange={setArm}
        />
        <Select
          label="Attribute"
          w={180}
          allowDeselect={false}
          data={[
            { value: '', label: 'all attributes' },
            ...scan.attributes.map((one) => ({ value: one.attribute, label: one.attribute })),
          ]}
          value={attribute}
          onChange={setAttribute}
        />
        <Select
          label="Metrics"
          w={180}
          allowDeselect={false}
          data={[
            { value: '', label: 'all metrics' },
            ...ROLES.map((key) => ({ value: key, label: ROLE[key] })),
          ]}
          value={role}
          onChange={setRole}
        />
      </div>
      <div className={layout.stack}>
        {scan.imbalances
          .filter((one) => attributes.some((shown) => shown.attribute === one.attribute))
          .map((one) => (
            <Alert
              key={one.attribute}
              color="orange"
              variant="light"
              title={`The mix of ${one.attribute} differs between arms`}
            >
              {one.note}
            </Alert>
          ))}
        <Panel title="Segments by metric" note={<Note scan={scan} />} actions={actions}>
          {metrics.length === 0 ? (
            <StateMessage title="No metric of this role">Choose another role above.</StateMessage>
          ) : (
            <SegmentTable
              scan={scan}
              arm={shownArm}
              attributes={attributes}
              metrics={metrics}
              muted={muted}
            />
          )}
        </Panel>
      </div>
    </>
  );
}

function Note({ scan }: { scan: SegmentScan }): ReactElement {
  return (
    <>
      Exploratory: look here for questions, not for decisions. q is corrected over{' '}
      {plural(scan.tests.cells, 'cell')} (Benjamini-Hochberg); coloured cells have q below{' '}
      {percent(scan.alpha, 0)}. The last row of an attribute tests whether the effect differs between its
      values (Cochran’s Q, {plural(scan.tests.interactions, 'test')}, a fixed-horizon test). Hatched: fewer
      than {scan.minimumUnits} {countedOf(scan)} in an arm, not tested. The lift shown first is pulled towards
      the mean of the attribute’s segments, by as much as chance explains their differences (empirical Bayes,
      for one look), because the largest of many segments is too large; “raw” is the segment alone, and p and
      q belong to it. Where an attribute has fewer than three segments to learn from, only the raw lift is
      shown. As of {dateTime(scan.asOf)}.{clustersText(scan)}
      {leftOutText(scan)}
    </>
  );
}

function clustersText({ clusterBy, attributes }: SegmentScan): string {
  if (clusterBy === null) return '';
  const shared = attributes.filter((one) => one.sharesClusters).map(({ attribute }) => attribute);
  const within =
    shared.length === 0
      ? ''
      : ` Segments of ${shared.join(', ')} share clusters: they are not tested against each other.`;
  return ` Units were assigned by ${clusterBy}: n counts clusters, and intervals know of them.${within}`;
}

function leftOutText({ leftOut }: SegmentScan): string {
  if (leftOut.length === 0) return '';
  return ` Left out: ${leftOut.map(({ title }) => title).join(', ')}. ${[...new Set(leftOut.map(({ note }) => note))].join(' ')}`;
}
