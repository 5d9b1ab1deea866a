import { Select, Skeleton } from '@mantine/core';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { useCatalog } from '../../api/queries.js';
import type { Experiment } from '../../api/types.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { useUrlState } from '../../ui/url-state.js';
import { OwnAssignment } from './clusters-panel.js';
import { editMarks } from './edit-marks.js';
import { NotStarted } from './not-started.js';
import { PooledNote } from './pooled-note.js';
import { isBlocked, useReportView } from './report-choice.js';

const LiftOverTime = lazy(async () => ({ default: (await import('./lift-over-time.js')).LiftOverTime }));

const NoveltyPanel = lazy(async () => ({ default: (await import('./novelty-panel.js')).NoveltyPanel }));

const CanaryPanel = lazy(async () => ({ default: (await import('./canary-panel.js')).CanaryPanel }));

/** Cumulative lift of any metric of the experiment by day, and its lift by days since first exposure. */
export function SeriesTab({ experiment }: { experiment: Experiment }): ReactElement {
  const view = useReportView(experiment.key);
  const [chosen, setChosen] = useUrlState('metric');
  const metrics = useCatalog().data?.metrics ?? [];
  if (experiment.startedAt === null) return <NotStarted experiment={experiment} />;
  const keys = [experiment.decisionMetric, ...experiment.guardrailMetrics, ...experiment.secondaryMetrics];
  const metric = chosen || experiment.decisionMetric;
  const title = (key: string): string => metrics.find((entry) => entry.key === key)?.title ?? key;
  const report = view.query.data;
  const muted = report !== undefined && isBlocked(report) && !view.showAnyway;
  return (
    <div className={layout.stack}>
      <PooledNote report={report} />
      <div className={layout.toolbar}>
        <Select
          label="Metric"
          w={280}
          data={[...new Set(keys)].map((key) => ({ value: key, label: title(key) }))}
          value={metric}
          onChange={setChosen}
        />
      </div>
      <Panel
        title={`${title(metric)} over time`}
        note="Cumulative lift against the control, as it stood at the end of each day."
      >
        <Suspense fallback={<Skeleton height={280} />}>
          <LiftOverTime
            experiment={experiment}
            metric={metric}
            estimator={view.estimator || null}
            settings={view.settings}
            muted={muted}
            marks={report === undefined ? [] : editMarks(report)}
          />
        </Suspense>
      </Panel>
      <Panel
        title={`${title(metric)} by days since first exposure`}
        note="The same units on every day: a lift that fades is novelty, one that grows shows that units still adapt."
      >
        <OwnAssignment experiment={experiment}>
          <Suspense fallback={<Skeleton height={280} />}>
            <NoveltyPanel experiment={experiment} metric={metric} muted={muted} />
          </Suspense>
        </OwnAssignment>
      </Panel>
      <Panel
        title="Canary: events in time"
        note="Units that had an event since exposure, arm against control. Watch errors and cancellations here from the first hour; for metrics, the report decides."
      >
        <Suspense fallback={<Skeleton height={280} />}>
          <CanaryPanel experiment={experiment} muted={muted} />
        </Suspense>
      </Panel>
    </div>
  );
}
