import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { useDecision } from '../../api/queries.js';
import type { DecisionDetail } from '../../api/types.js';
import { dateTime, humanise, micros, probability, reason } from '../../format/index.js';
import { CopyText, Facts, JsonBlock } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { Pill } from '../../ui/status.js';
import { Candidates } from './candidates.js';
import styles from './decisions.module.css';
import { Outcomes } from './outcomes.js';
import { Path } from './path.js';
import { Replay } from './replay.js';
import { SlatePlaces } from './slate-places.js';
import { Stacked } from './stacked.js';
import { WhatIfPanel } from './what-if.js';
import { WholePagePanel } from './whole-page.js';

export function DecisionPage(): ReactElement {
  const { id = '' } = useParams();
  const query = useDecision(id);
  return (
    <>
      <PageHeader
        title="Decision"
        parent={{ to: '/decisions', label: 'Decisions' }}
        status={query.data === undefined ? undefined : <State decision={query.data} />}
        meta={
          <>
            <span className="mq-mono">{id}</span>
            {query.data === undefined ? null : <span>{dateTime(query.data.at)}</span>}
          </>
        }
        actions={
          query.data === undefined ? undefined : (
            <CopyText text={JSON.stringify(query.data, null, 2)} label="Copy as JSON" />
          )
        }
      />
      <QueryBoundary query={query} what="decision" lines={10}>
        {(decision) => <Inspector decision={decision} />}
      </QueryBoundary>
    </>
  );
}

function State({ decision }: { decision: DecisionDetail }): ReactElement {
  if (decision.fallback !== null) return <Pill tone="bad" icon="warning" label="Fallback" />;
  // Seen either with the request or by an exposure event that came later.
  const seen = decision.exposed || decision.outcomes.some((event) => event.kind === 'exposure');
  return seen ? (
    <Pill tone="good" icon="check" label="Seen" />
  ) : (
    <Pill icon="clock" label="Not reported as seen" />
  );
}

function Inspector({ decision }: { decision: DecisionDetail }): ReactElement {
  return (
    <div className={layout.stack}>
      <Panel title="In one sentence">
        <p className={styles.sentence}>{decision.sentence}</p>
      </Panel>
      <div className={layout.split}>
        <Panel title="How it came about" note="Every step of the assignment, in order.">
          <Path decision={decision} />
        </Panel>
        <div className={layout.stack}>
          <Panel title="What was served">
            <Served decision={decision} />
          </Panel>
          <Panel title="Replay" note="The same inputs and seed, through the same snapshot again.">
            <Replay decision={decision} />
          </Panel>
        </div>
      </div>
      {decision.parentId === null ? null : <Stacked decision={decision} />}
      {decision.parentId === null && decision.kind !== 'slate' ? null : <WholePagePanel id={decision.id} />}
      {decision.slateLaw ? <SlatePlaces decision={decision} law={decision.slateLaw} /> : null}
      <Candidates decision={decision} />
      <WhatIfPanel decision={decision} />
      <Outcomes decision={decision} />
      <div className={layout.split}>
        <Panel title="Context" note="Attributes known at the time of the request.">
          <JsonBlock value={decision.context} label="Context" />
        </Panel>
        <Panel title="Served answer" note="As the app received it.">
          <JsonBlock value={servedJson(decision)} label="Served answer" />
        </Panel>
      </div>
    </div>
  );
}

function servedJson(decision: DecisionDetail) {
  if (decision.kind === 'value') return decision.value;
  if (decision.kind === 'action') return decision.withheld === true ? null : decision.action;
  return decision.slate?.map(({ id, propensity, instead }) => ({ id: instead ?? id, propensity })) ?? null;
}

function Served({ decision }: { decision: DecisionDetail }): ReactElement {
  const { policy, experiment, arm } = decision;
  return (
    <Facts
      facts={[
        {
          label: 'Unit',
          value: <Link to={`/decisions?unit=${encodeURIComponent(decision.unitId)}`}>{decision.unitId}</Link>,
        },
        {
          label: 'Surface',
          value:
            decision.subject === null ? decision.surface : `${decision.surface}, for ${decision.subject}`,
        },
        { label: 'Kind', value: humanise(decision.kind) },
        {
          label: 'Experiment',
          value: experiment === null ? 'none' : <Link to={`/experiments/${experiment}`}>{experiment}</Link>,
        },
        {
          label: 'Arm',
          value:
            arm === null ? 'none' : `${arm}, given to ${probability(decision.armPropensity)} of its units`,
        },
        {
          label: 'Policy',
          value:
            policy === null ? (
              'none'
            ) : (
              <Link to={`/policies/${policy.id}`}>{`${policy.id}, snapshot ${policy.version}`}</Link>
            ),
        },
        { label: 'Probability', value: probability(decision.propensity) },
        { label: 'Reason', value: reason(decision.reason) },
        ...(decision.fallback === null ? [] : [{ label: 'Fallback', value: humanise(decision.fallback) }]),
        ...(decision.holdout === null ? [] : [{ label: 'Holdout', value: decision.holdout }]),
        { label: 'Seed', value: <span className="mq-mono">{String(decision.seed ?? '—')}</span> },
        { label: 'Decided in', value: micros(decision.latencyMicros) },
      ]}
    />
  );
}
