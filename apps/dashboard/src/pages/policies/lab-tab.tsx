import { Switch } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import { useWrite } from '../../api/mutations.js';
import { useOffPolicyRun, useOffPolicyRuns } from '../../api/off-policy.js';
import type { OffPolicyRun } from '../../api/off-policy.js';
import type { Policy } from '../../api/types.js';
import { ConfirmDialog } from '../../ui/confirm-dialog.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { When } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { candidateName } from './candidate-name.js';
import { LabForm } from './lab-form.js';
import { AnswerPill, LabResult } from './lab-result.js';

/** What a candidate would have earned on the logged decisions of this policy, before it takes traffic. */
export function LabTab({ policy }: { policy: Policy }): ReactElement {
  const [run, setRun] = useUrlState('run');
  return (
    <div className={layout.stack}>
      <Panel
        title="Off-policy lab"
        note="What would a candidate have earned on the decisions that this policy has logged? Nobody is served by it."
        actions={<GateSwitch policy={policy} />}
      >
        <LabForm policy={policy} done={(id) => setRun(String(id))} />
      </Panel>
      {run === '' ? null : <OneRun key={run} policy={policy} run={run} />}
      <Runs policy={policy} />
    </div>
  );
}

function GateSwitch({ policy }: { policy: Policy }): ReactElement {
  const write = useWrite(['/v1/policies']);
  const [asking, setAsking] = useState(false);
  const change = (body: object): void =>
    write.mutate(
      { path: `/v1/policies/${segment(policy.id)}`, method: 'PATCH', body },
      { onSuccess: () => setAsking(false) },
    );
  return (
    <>
      <Switch
        label="Serves only after a yes"
        checked={policy.gateRequired === true}
        disabled={write.isPending}
        error={asking ? undefined : write.error?.message}
        onChange={(event) => (event.currentTarget.checked ? change({ gateRequired: true }) : setAsking(true))}
      />
      <ConfirmDialog
        opened={asking}
        title="Let it serve without a yes?"
        confirmLabel="Switch the gate off"
        reason="required"
        pending={write.isPending}
        error={write.error}
        onConfirm={(reason) => change({ gateRequired: false, overrideGate: reason })}
        onClose={() => setAsking(false)}
      >
        Versions, changes and experiments of {policy.title} will serve whatever the log says of them. Say why
        in 10 characters or more.
      </ConfirmDialog>
    </>
  );
}

function OneRun({ policy, run }: { policy: Policy; run: string }): ReactElement {
  const query = useOffPolicyRun(policy.id, run);
  return (
    <QueryBoundary query={query} what="evaluation" lines={8}>
      {(data) => <LabResult policy={policy} run={data} />}
    </QueryBoundary>
  );
}

const COLUMNS: readonly Column<OffPolicyRun>[] = [
  {
    key: 'candidate',
    title: 'Candidate',
    cell: (run) => (
      <Link className="mq-link" to={`?run=${run.id}`}>
        {candidateName(run)}
      </Link>
    ),
  },
  { key: 'answer', title: 'Gate', cell: (run) => <AnswerPill answer={run.answer} /> },
  { key: 'why', title: 'Why', cell: (run) => run.gate.prose },
  { key: 'actor', title: 'By', cell: (run) => run.actor },
  { key: 'at', title: 'When', cell: (run) => <When at={run.at} /> },
];

function Runs({ policy }: { policy: Policy }): ReactElement {
  return (
    <Panel title="Earlier evaluations" flush>
      <QueryBoundary
        query={useOffPolicyRuns(policy.id)}
        what="evaluations"
        isEmpty={(page) => page.items.length === 0}
        empty={
          <StateMessage icon="chart" title="Nothing was evaluated on this log yet">
            Choose a candidate above and evaluate it.
          </StateMessage>
        }
      >
        {(page) => (
          <DataTable
            caption="Earlier evaluations"
            columns={COLUMNS}
            rows={page.items}
            rowKey={(run) => String(run.id)}
            step={10}
          />
        )}
      </QueryBoundary>
    </Panel>
  );
}
