import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { usePolicies } from '../../api/queries.js';
import type { Policy } from '../../api/types.js';
import { count } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import { Missing } from '../../ui/estimate.js';
import { Icon } from '../../ui/icon.js';
import { PageHeader } from '../../ui/page-header.js';
import panel from '../../ui/panel.module.css';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { LearningPill } from './learning-pill.js';
import { PolicyDialog } from './policy-dialog.js';
import styles from './policies.module.css';

const COLUMNS: Column<Policy>[] = [
  {
    key: 'name',
    title: 'Policy',
    cell: (policy) => (
      <div className={styles.name}>
        <Link className="mq-link" to={`/policies/${policy.id}`}>
          {policy.title}
        </Link>
        <span className={styles.note}>
          {policy.key} · {policy.id}
        </span>
      </div>
    ),
  },
  { key: 'learning', title: 'Learning', cell: (policy) => <LearningPill policy={policy} /> },
  {
    key: 'serving',
    title: 'Serving',
    cell: (policy) =>
      policy.servingVersion === null ? (
        <Missing reason={policy.learns === 'never' ? 'Needs no snapshot' : 'No snapshot yet'} />
      ) : (
        `snapshot ${policy.servingVersion}`
      ),
  },
  {
    key: 'pending',
    title: 'Pending rewards',
    align: 'right',
    cell: (policy) => count(policy.pendingRewards),
  },
  {
    key: 'learned',
    title: 'Last learned',
    cell: (policy) =>
      policy.learns === 'never' ? (
        <span className="mq-muted">never learns</span>
      ) : (
        <When at={policy.lastLearnedAt} />
      ),
  },
  {
    key: 'used',
    title: 'Used by',
    cell: (policy) =>
      policy.usedBy.length === 0 ? (
        <span className="mq-muted">no experiment</span>
      ) : (
        <span className={styles.used}>
          {policy.usedBy.map((key) => (
            <Link key={key} to={`/experiments/${key}`} className="mq-link">
              {key}
            </Link>
          ))}
        </span>
      ),
  },
];

export function PoliciesPage(): ReactElement {
  const query = usePolicies();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const create = (
    <Button leftSection={<Icon name="plus" />} onClick={() => setCreating(true)}>
      New policy
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Policies"
        meta="Bandits and recommenders that an arm can hand its choice to."
        actions={create}
      />
      <div className={panel.panel}>
        <QueryBoundary
          query={query}
          what="policies"
          isEmpty={(page) => page.items.length === 0}
          empty={
            <StateMessage icon="policies" title="No policies yet" action={create}>
              A policy picks an action or orders a slate, with a known probability, and learns from the
              outcomes.
            </StateMessage>
          }
        >
          {(page) => (
            <DataTable
              caption="Policies"
              columns={COLUMNS}
              rows={page.items}
              rowKey={(policy) => policy.id}
            />
          )}
        </QueryBoundary>
      </div>
      {creating ? (
        <PolicyDialog close={() => setCreating(false)} created={(id) => void navigate(`/policies/${id}`)} />
      ) : null}
    </>
  );
}
