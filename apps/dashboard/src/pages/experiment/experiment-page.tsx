import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { useExperiment } from '../../api/queries.js';
import type { Experiment } from '../../api/types.js';
import { conditionSentence, date, percent } from '../../format/index.js';
import { When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { ManagedBanner } from '../../ui/managed.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StatusPill } from '../../ui/status.js';
import { UrlTabs } from '../../ui/url-tabs.js';
import { Activity } from './activity.js';
import { BreachBanner } from './guardrails/breach-banner.js';
import { HealthTab } from './health-tab.js';
import { NotesPanel } from './lifecycle-panels/notes-panel.js';
import { LifecycleActions } from './lifecycle-actions.js';
import { Overview } from './overview.js';
import { Results } from './results.js';
import { RetentionTab } from './retention-tab.js';
import { SegmentsTab } from './segments-tab.js';
import { SeriesTab } from './series-tab.js';
import { Setup } from './setup.js';

export function ExperimentPage(): ReactElement {
  const { key = '', tab = '' } = useParams();
  return <OneExperiment key={key} experimentKey={key} tab={tab} />;
}

function OneExperiment({ experimentKey, tab }: { experimentKey: string; tab: string }): ReactElement {
  const query = useExperiment(experimentKey);
  return (
    <>
      {query.data === undefined ? (
        <PageHeader title={experimentKey} parent={{ to: '/experiments', label: 'Experiments' }} />
      ) : (
        <Header experiment={query.data} />
      )}
      <QueryBoundary query={query} what="experiment" lines={6}>
        {(experiment) => (
          <>
            <BreachBanner experiment={experiment} />
            <ManagedBanner kind="experiment" of={experiment.key} />
            <ExperimentTabs experiment={experiment} tab={tab} />
          </>
        )}
      </QueryBoundary>
    </>
  );
}

function Header({ experiment }: { experiment: Experiment }): ReactElement {
  return (
    <PageHeader
      title={experiment.title}
      parent={{ to: '/experiments', label: 'Experiments' }}
      status={<StatusPill status={experiment.status} />}
      meta={
        <>
          <span>{experiment.surface}</span>
          <span>
            {percent(experiment.traffic, 0)} of {experiment.unitType}s
            {experiment.targeting === null ? '' : ` where ${conditionSentence(experiment.targeting)}`}
          </span>
          {experiment.startedAt === null ? (
            <span>
              Created <When at={experiment.createdAt} />
            </span>
          ) : (
            <span>Started {date(experiment.startedAt)}</span>
          )}
          <span>Phase {experiment.phase}</span>
          {experiment.owner === '' ? null : <span>{experiment.owner}</span>}
          <Link
            className="mq-link"
            to={`/calendar?experiment=${experiment.key}${experiment.status === 'draft' ? '&drafts=yes' : ''}`}
          >
            In the calendar
          </Link>
        </>
      }
      actions={<LifecycleActions experiment={experiment} />}
    />
  );
}

function Log({ experimentKey }: { experimentKey: string }): ReactElement {
  return (
    <div className={layout.stack}>
      <NotesPanel experimentKey={experimentKey} />
      <Activity experimentKey={experimentKey} />
    </div>
  );
}

function ExperimentTabs({ experiment, tab }: { experiment: Experiment; tab: string }): ReactElement {
  return (
    <UrlTabs
      base={`/experiments/${experiment.key}`}
      label="Experiment"
      current={tab}
      tabs={[
        { key: '', title: 'Overview', render: () => <Overview experiment={experiment} /> },
        { key: 'results', title: 'Results', render: () => <Results experiment={experiment} /> },
        { key: 'segments', title: 'Segments', render: () => <SegmentsTab experiment={experiment} /> },
        { key: 'health', title: 'Health', render: () => <HealthTab experiment={experiment} /> },
        { key: 'time', title: 'Over time', render: () => <SeriesTab experiment={experiment} /> },
        { key: 'retention', title: 'Retention', render: () => <RetentionTab experiment={experiment} /> },
        { key: 'setup', title: 'Setup', render: () => <Setup experiment={experiment} /> },
        { key: 'activity', title: 'Activity', render: () => <Log experimentKey={experiment.key} /> },
      ]}
    />
  );
}
