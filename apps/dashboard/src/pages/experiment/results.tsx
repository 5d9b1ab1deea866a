import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import type { AssignmentState } from '../../api/assignment-health.js';
import { useCatalog } from '../../api/queries.js';
import type { Experiment, Report } from '../../api/types.js';
import { count, dateTime, percent, plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { STATE } from './assignment/state-words.js';
import { NotStarted } from './not-started.js';
import { Blocked } from './blocked.js';
import { ExportMenu } from './export-menu.js';
import { ResultDetail } from './result-detail.js';
import { ReportToolbar } from './report-toolbar.js';
import { WarningChips } from './warning-chips.js';
import { isBlocked, useReportView } from './report-choice.js';
import type { ReportView } from './report-choice.js';
import { resultColumns } from './result-columns.js';
import styles from './results.module.css';

export function Results({ experiment }: { experiment: Experiment }): ReactElement {
  const view = useReportView(experiment.key);
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  return (
    <>
      <ReportToolbar view={view} />
      <QueryBoundary query={view.query} what="report" lines={10}>
        {(report) => <ResultsTable report={report} view={view} />}
      </QueryBoundary>
    </>
  );
}

function ResultsTable({ report, view }: { report: Report; view: ReportView }): ReactElement {
  const blocked = isBlocked(report);
  const muted = blocked && !view.showAnyway;
  return (
    <div className={layout.stack}>
      {blocked ? (
        <Alert color="orange" variant="light" title="Do not decide: fix first">
          A health check fails, so these differences may not come from the treatment.{' '}
          {report.verdict.sentence}
        </Alert>
      ) : null}
      <WarningChips experimentKey={report.experiment} checks={report.health} />
      <Panel
        title="All metrics"
        note={<Method report={report} />}
        actions={
          <>
            <ExportMenu report={report} view={view} />
            {blocked ? <Blocked view={view} experimentKey={report.experiment} /> : null}
          </>
        }
        flush
      >
        {report.results.length === 0 ? (
          <StateMessage title="No results in this view">
            No unit of this segment has been exposed, or no metric has matured.
          </StateMessage>
        ) : (
          <DataTable
            caption="Results by metric and arm"
            columns={resultColumns(report, muted, view.difference)}
            rows={report.results}
            rowKey={(result) => `${result.metric}/${result.arm}`}
            detail={(result) => (
              <ResultDetail
                experimentKey={report.experiment}
                result={result}
                baseline={report.baseline}
                comparedBy={report}
              />
            )}
            rowName={(result) => `${result.title}, ${result.arm}`}
            rowClass={(result) => (result.role === 'decision' ? styles.decision : undefined)}
          />
        )}
      </Panel>
    </div>
  );
}

/** Who is left out, by which rule; reports that were kept earlier know of units in several arms alone. */
function leftOutText({ leftOut, crossover }: Report['units']): string {
  const rules: Partial<Record<AssignmentState, number>> =
    leftOut ?? (crossover === null ? {} : { 'two-arms': crossover });
  const parts = (Object.entries(rules) as [AssignmentState, number][])
    .filter(([, units]) => units > 0)
    .map(([state, units]) => `${STATE[state].toLowerCase()} ${count(units)}`);
  return parts.length === 0 ? '' : `; left out: ${parts.join(', ')}`;
}

/** How these numbers came about, in one line. */
function Method({ report }: { report: Report }): ReactElement {
  const estimator = useCatalog().data?.estimators.find((entry) => entry.key === report.estimator);
  return (
    <>
      {estimator?.title ?? report.estimator}, {percent(1 - report.alpha, 0)} intervals against{' '}
      {report.baseline}; {plural(report.units.enrolled, 'unit')} enrolled
      {report.clusters === null
        ? ''
        : ` in ${plural(report.clusters.total, 'cluster')} by ${report.clusters.by}, which n counts`}
      {leftOutText(report.units)}. As of {dateTime(report.asOf)}, computed in{' '}
      {Math.round(report.computedInMs)} ms.
    </>
  );
}
