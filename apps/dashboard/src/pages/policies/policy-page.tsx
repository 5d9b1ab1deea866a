import { Skeleton } from '@mantine/core';
import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { Link, useParams } from 'react-router';
import { sendsMessages } from '../../api/messages.js';
import { usePolicy } from '../../api/queries.js';
import type { Policy } from '../../api/types.js';
import { count, humanise } from '../../format/index.js';
import { Stat, Stats, When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { ManagedBanner } from '../../ui/managed.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { UrlTabs } from '../../ui/url-tabs.js';
import { ActionValuesPanel } from './action-values-panel.js';
import { ActionsPanel } from './actions-panel.js';
import { LearningPill } from './learning-pill.js';
import { PolicyControls } from './policy-controls.js';
import { SERVES_WITHOUT } from './serves-without.js';
import { SetupTab, windowText } from './setup/setup-tab.js';
import { SnapshotsPanel } from './snapshots-panel.js';
import { WarmStartPanel } from './warm-start/warm-start-panel.js';

const BeliefsTab = lazy(async () => ({ default: (await import('./beliefs-tab.js')).BeliefsTab }));
const ExplorationTab = lazy(async () => ({ default: (await import('./exploration-tab.js')).ExplorationTab }));
const MessagesTab = lazy(async () => ({ default: (await import('./messages-tab.js')).MessagesTab }));
const DiversityTab = lazy(async () => ({ default: (await import('./lists/diversity-tab.js')).DiversityTab }));
const ReplayTab = lazy(async () => ({ default: (await import('./replay-tab.js')).ReplayTab }));
const HealthTab = lazy(async () => ({ default: (await import('./health/health-tab.js')).HealthTab }));
const ModelTab = lazy(async () => ({ default: (await import('./model/model-tab.js')).ModelTab }));
const SearchTab = lazy(async () => ({ default: (await import('./search/search-tab.js')).SearchTab }));
const TradeOffsTab = lazy(async () => ({
  default: (await import('./trade-offs/trade-offs-tab.js')).TradeOffsTab,
}));
const LabTab = lazy(async () => ({ default: (await import('./lab-tab.js')).LabTab }));
const AllocationPanel = lazy(async () => ({
  default: (await import('./allocation-panel.js')).AllocationPanel,
}));

export function PolicyPage(): ReactElement {
  const { id = '', tab = '' } = useParams();
  return <OnePolicy key={id} id={id} tab={tab} />;
}

function OnePolicy({ id, tab }: { id: string; tab: string }): ReactElement {
  const query = usePolicy(id);
  const policy = query.data;
  return (
    <>
      <PageHeader
        title={policy?.title ?? id}
        parent={{ to: '/policies', label: 'Policies' }}
        status={policy === undefined ? undefined : <LearningPill policy={policy} />}
        meta={policy === undefined ? undefined : <Meta policy={policy} />}
        actions={policy === undefined ? undefined : <PolicyControls policy={policy} />}
      />
      <QueryBoundary query={query} what="policy" lines={8}>
        {(data) => (
          <>
            <ManagedBanner kind="policy" of={id} />
            <PolicyTabs policy={data} tab={tab} />
          </>
        )}
      </QueryBoundary>
    </>
  );
}

function Meta({ policy }: { policy: Policy }): ReactElement {
  return (
    <>
      <span>{humanise(policy.key)}</span>
      <span className="mq-mono">{policy.id}</span>
      <span>
        {policy.usedBy.length === 0 ? 'Not used by any experiment' : 'Used by '}
        {policy.usedBy.map((key, index) => (
          <span key={key}>
            {index === 0 ? '' : ', '}
            <Link to={`/experiments/${key}`}>{key}</Link>
          </span>
        ))}
      </span>
    </>
  );
}

function PolicyTabs({ policy, tab }: { policy: Policy; tab: string }): ReactElement {
  const search = { key: 'search', title: 'Search', render: () => drawn(<SearchTab policy={policy} />) };
  const model = { key: 'model', title: 'Model', render: () => drawn(<ModelTab policy={policy} />) };
  const messages = {
    key: 'messages',
    title: 'Messages',
    render: () => drawn(<MessagesTab id={policy.id} />),
  };
  const tradeOffs = {
    key: 'trade-offs',
    title: 'Trade-offs',
    render: () => drawn(<TradeOffsTab policy={policy} />),
  };
  return (
    <UrlTabs
      base={`/policies/${policy.id}`}
      label="Policy"
      current={tab}
      tabs={[
        { key: '', title: 'Overview', render: () => <Overview policy={policy} /> },
        ...(policy.key === 'search' ? [search] : []),
        { key: 'beliefs', title: 'Beliefs', render: () => drawn(<BeliefsTab id={policy.id} />) },
        { key: 'exploration', title: 'Exploration', render: () => drawn(<ExplorationTab id={policy.id} />) },
        ...(sendsMessages(policy) ? [messages] : []),
        { key: 'diversity', title: 'Diversity', render: () => drawn(<DiversityTab policy={policy} />) },
        { key: 'replay', title: 'Replay', render: () => drawn(<ReplayTab policy={policy} />) },
        { key: 'health', title: 'Health', render: () => drawn(<HealthTab policy={policy} />) },
        { key: 'lab', title: 'Off-policy lab', render: () => drawn(<LabTab policy={policy} />) },
        { key: 'snapshots', title: 'Snapshots', render: () => <SnapshotsPanel policy={policy} /> },
        ...(policy.learns === 'batch' ? [model, tradeOffs] : []),
        { key: 'setup', title: 'Setup', render: () => <SetupTab policy={policy} /> },
      ]}
    />
  );
}

const drawn = (tab: ReactElement): ReactElement => (
  <Suspense fallback={<Skeleton height={340} />}>{tab}</Suspense>
);

function Overview({ policy }: { policy: Policy }): ReactElement {
  const behind = policy.latestVersion !== null && policy.latestVersion !== policy.servingVersion;
  return (
    <div className={layout.stack}>
      <Stats>
        <Stat
          label="Serving"
          value={policy.servingVersion === null ? '—' : `Snapshot ${policy.servingVersion}`}
          note={
            policy.servingVersion === null
              ? SERVES_WITHOUT[policy.learns]
              : behind
                ? `latest is ${policy.latestVersion ?? '—'}`
                : 'the latest one'
          }
        />
        <Stat
          label="Last learned"
          value={<When at={policy.lastLearnedAt} />}
          note={policy.learning ? 'learning is on' : 'learning is off'}
        />
        <Stat label="Pending rewards" value={count(policy.pendingRewards)} note={windowText(policy)} />
        <Stat
          label="Least probability"
          value={policy.floor === 0 ? 'none' : policy.floor}
          note="floor of every candidate"
        />
      </Stats>
      {policy.learns === 'online' ? <WarmStartPanel policy={policy} /> : null}
      <Suspense fallback={<Skeleton height={340} />}>
        <AllocationPanel id={policy.id} />
      </Suspense>
      <ActionsPanel policy={policy} />
      {policy.learns === 'never' ? null : <ActionValuesPanel id={policy.id} />}
    </div>
  );
}
