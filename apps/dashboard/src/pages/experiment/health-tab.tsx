import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { useEffect } from 'react';
import { useLocation } from 'react-router';
import type { Experiment, HealthResult, Report } from '../../api/types.js';
import { dateTime, plural } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { AssignmentPanel } from './assignment/assignment-panel.js';
import { HealthCard } from './health-card.js';
import { bySeverity, isFiring } from './health-order.js';
import styles from './health.module.css';
import { NotStarted } from './not-started.js';
import { isBlocked, useReportView } from './report-choice.js';

/** Every check with its rule and what it found: what has to be fixed first, then the rest. */
export function HealthTab({ experiment }: { experiment: Experiment }): ReactElement {
  const view = useReportView(experiment.key);
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  return (
    <QueryBoundary query={view.query} what="report" lines={10}>
      {(report) => (
        <div className={layout.stack}>
          <Checks report={report} />
          <AssignmentPanel experiment={experiment} />
        </div>
      )}
    </QueryBoundary>
  );
}

function Checks({ report }: { report: Report }): ReactElement {
  const { hash } = useLocation();
  useEffect(() => {
    if (hash !== '') document.getElementById(hash.slice(1))?.scrollIntoView({ block: 'start' });
  }, [hash]);
  const sorted = [...report.health].sort(bySeverity);
  const firing = sorted.filter(isFiring);
  const asOf = `As of ${dateTime(report.asOf)}.`;
  return (
    <div className={layout.stack}>
      {isBlocked(report) ? (
        <Alert color="orange" variant="light" title="Do not decide: fix first">
          {report.verdict.sentence}
        </Alert>
      ) : null}
      <Panel title="Needs attention" note={`${plural(firing.length, 'check')} of ${sorted.length}. ${asOf}`}>
        {firing.length === 0 ? (
          <StateMessage icon="check" title="Nothing to fix">
            No check warns or fails. A check appears here when it does.
          </StateMessage>
        ) : (
          <Cards report={report} checks={firing} />
        )}
      </Panel>
      <Rest
        title="Healthy"
        note="What was looked at and found in order."
        report={report}
        checks={sorted.filter((check) => check.status === 'pass')}
      />
      <Rest
        title="Not known yet"
        note="Too little data to tell. That is not the same as healthy."
        report={report}
        checks={sorted.filter((check) => check.status === 'unknown')}
      />
    </div>
  );
}

interface RestProps {
  title: string;
  note: string;
  report: Report;
  checks: readonly HealthResult[];
}

function Rest({ title, note, report, checks }: RestProps): ReactElement | null {
  if (checks.length === 0) return null;
  return (
    <Panel title={title} note={note}>
      <Cards report={report} checks={checks} />
    </Panel>
  );
}

function Cards({ report, checks }: { report: Report; checks: readonly HealthResult[] }): ReactElement {
  return (
    <div className={styles.cards}>
      {checks.map((check) => (
        <HealthCard key={check.key} experimentKey={report.experiment} check={check} />
      ))}
    </div>
  );
}
