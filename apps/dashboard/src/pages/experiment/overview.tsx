import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { Skeleton } from '@mantine/core';
import type { Experiment, Report } from '../../api/types.js';
import { count, dateTime, percent } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { Blocked } from './blocked.js';
import { Checklist } from './checklist.js';
import { ClustersPanel } from './clusters-panel.js';
import { editMarks } from './edit-marks.js';
import { Forest } from './forest.js';
import { HealthStrip } from './health-strip.js';
import { isBlocked, useReportView } from './report-choice.js';
import type { ReportView } from './report-choice.js';
import { SwitchbackPanel } from './switchback-panel.js';
import { VerdictCard } from './verdict-card.js';

const LiftOverTime = lazy(async () => ({ default: (await import('./lift-over-time.js')).LiftOverTime }));

export function Overview({ experiment }: { experiment: Experiment }): ReactElement {
  const view = useReportView(experiment.key);
  if (experiment.startedAt === null) return <Checklist experiment={experiment} />;
  return (
    <QueryBoundary query={view.query} what="report" lines={10}>
      {(report) => <ReportOverview experiment={experiment} report={report} view={view} />}
    </QueryBoundary>
  );
}

interface ReportOverviewProps {
  experiment: Experiment;
  report: Report;
  view: ReportView;
}

function ReportOverview({ experiment, report, view }: ReportOverviewProps): ReactElement {
  const blocked = isBlocked(report);
  const muted = blocked && !view.showAnyway;
  return (
    <div className={layout.stack}>
      <HealthStrip experimentKey={experiment.key} checks={report.health} />
      <VerdictCard report={report} />
      <Exposure experiment={experiment} report={report} />
      <Panel
        title="Lift by metric"
        note={`Relative difference to ${report.baseline}. As of ${dateTime(report.asOf)}.`}
        actions={blocked ? <Blocked view={view} experimentKey={experiment.key} /> : undefined}
      >
        {report.results.length === 0 ? (
          <StateMessage title="No results yet">
            Results appear after the first exposures and outcomes.
          </StateMessage>
        ) : (
          <Forest report={report} muted={muted} />
        )}
      </Panel>
      <ClustersPanel experiment={experiment} />
      <SwitchbackPanel experiment={experiment} />
      <Panel
        title="Decision metric over time"
        note="Cumulative lift as it stood on each day. An always-valid band may be read on any day without raising the error rate."
      >
        <Suspense fallback={<Skeleton height={280} />}>
          <LiftOverTime
            experiment={experiment}
            metric={experiment.decisionMetric}
            estimator={view.estimator || null}
            settings={view.settings}
            muted={muted}
            marks={editMarks(report)}
          />
        </Suspense>
      </Panel>
    </div>
  );
}

/** How many units each arm has, beside what its weight promised. */
function Exposure({ experiment, report }: { experiment: Experiment; report: Report }): ReactElement {
  const weights = experiment.arms.reduce((sum, arm) => sum + arm.weight, 0);
  const enrolled = report.units.enrolled;
  return (
    <Stats>
      <Stat
        label="Units enrolled"
        value={count(enrolled)}
        note={
          experiment.plannedUnits === null
            ? 'no planned size'
            : `of ${count(experiment.plannedUnits)} planned`
        }
      />
      {experiment.arms.map((arm) => {
        const units = report.units.perArm[arm.key] ?? 0;
        return (
          <Stat
            key={arm.key}
            label={arm.title}
            value={count(units)}
            note={`${percent(enrolled === 0 ? null : units / enrolled, 2)}, expected ${percent(weights === 0 ? null : arm.weight / weights, 2)}`}
          />
        );
      })}
    </Stats>
  );
}
