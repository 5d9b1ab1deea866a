import { Alert, Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { guardrailsPath, useGuardrails } from '../../../api/guardrails.js';
import type { Breach, GuardFinding, Guardrails } from '../../../api/guardrails.js';
import { useWrite } from '../../../api/mutations.js';
import type { Experiment } from '../../../api/types.js';
import { count, dateTime, duration, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Facts } from '../../../ui/details.js';
import { Icon } from '../../../ui/icon.js';
import { ManagedCell } from '../../../ui/managed.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { Pill } from '../../../ui/status.js';
import { CHANGEABLE } from '../lifecycle.js';
import { DONE, FOUND, WATCH, actionWord, countedOf } from './guard-words.js';
import { GuardrailsDialog } from './guardrails-dialog.js';

/** What is watched every minute, what was found, and what a breach leads to. */
export function GuardrailsPanel({ experiment }: { experiment: Experiment }): ReactElement {
  const [editing, setEditing] = useState<Guardrails | null>(null);
  const query = useGuardrails(experiment.key);
  const found = query.data;
  return (
    <Panel
      title="Guardrails"
      note="Looked at every minute while it runs, by tests that stay valid however often they are looked at."
      actions={
        found !== undefined && CHANGEABLE.has(experiment.status) ? (
          <ManagedCell
            kind="experiment"
            of={experiment.key}
            title={experiment.title}
            part="guardrails"
            hasBanner
          >
            <Button size="xs" variant="default" onClick={() => setEditing(found)}>
              Edit guardrails
            </Button>
          </ManagedCell>
        ) : undefined
      }
    >
      <QueryBoundary query={query} what="guardrails" lines={4}>
        {(guardrails) => (
          <>
            {guardrails.quiet > 0 && CHANGEABLE.has(experiment.status) ? (
              <Quiet guardrails={guardrails} />
            ) : null}
            <Watched guardrails={guardrails} />
          </>
        )}
      </QueryBoundary>
      {editing === null ? null : <GuardrailsDialog guardrails={editing} close={() => setEditing(null)} />}
    </Panel>
  );
}

/** What nobody is told of, because somebody took a breach of it back. */
function Quiet({ guardrails }: { guardrails: Guardrails }): ReactElement {
  const { experiment, quiet } = guardrails;
  const write = useWrite(['/v1/experiments']);
  return (
    <Alert color="orange" variant="light" icon={<Icon name="warning" size={18} />} mb="md">
      <Group gap="sm" justify="space-between">
        <span>
          {quiet === 1 ? 'One test is' : `${count(quiet)} tests are`} quiet since a breach was taken back:
          nothing happens if it fires again.
        </span>
        <Button
          size="xs"
          variant="default"
          loading={write.isPending}
          onClick={() => write.mutate({ path: `${guardrailsPath(experiment)}/watch-again`, body: {} })}
        >
          Watch again
        </Button>
      </Group>
      {write.error === null ? null : <p role="alert">{write.error.message}</p>}
    </Alert>
  );
}

function Watched({ guardrails }: { guardrails: Guardrails }): ReactElement {
  const { plan, metrics, check, breaches } = guardrails;
  const rules = [
    ...metrics.map(({ metric, action }) => `${metric}: ${actionWord(action)}`),
    `split: ${actionWord(plan.sampleRatio)}`,
    `errors: ${actionWord(plan.errors)}`,
  ];
  return (
    <>
      <Facts
        facts={[
          { label: 'On a breach', value: rules.join('; ') },
          {
            label: 'Judged from',
            value: `${duration(plan.minimumMinutes * 60)} and ${count(plan.minimumUnits)} ${countedOf(guardrails)} in every arm`,
          },
          {
            label: 'False alarms',
            value: `in at most ${percent(plan.alpha, 1)} of experiments in which nothing is wrong`,
          },
          {
            label: 'Last look',
            value: check === null ? 'none yet' : `${dateTime(check.checkedAt)}: ${FOUND[check.state]}`,
          },
        ]}
      />
      {check === null || check.findings.length === 0 ? null : <Findings findings={check.findings} />}
      {breaches.length === 0 ? null : <Breaches breaches={breaches} />}
    </>
  );
}

function Findings({ findings }: { findings: readonly GuardFinding[] }): ReactElement {
  const columns: Column<GuardFinding>[] = [
    { key: 'watch', title: 'Watched', cell: ({ watch, key }) => `${WATCH[watch]}: ${key}` },
    { key: 'arm', title: 'Arm', cell: ({ arm }) => arm || 'all' },
    {
      key: 'state',
      title: 'State',
      cell: ({ status }) => (
        <Pill
          tone={status === 'breach' ? 'bad' : status === 'fine' ? 'good' : 'plain'}
          icon={status === 'breach' ? 'warning' : status === 'fine' ? 'check' : 'clock'}
          label={FOUND[status]}
        />
      ),
    },
    { key: 'detail', title: 'What was found', cell: ({ detail }) => detail },
  ];
  return (
    <DataTable
      caption="The last look"
      columns={columns}
      rows={[...findings]}
      rowKey={({ watch, key, arm }) => `${watch} ${key} ${arm}`}
    />
  );
}

function Breaches({ breaches }: { breaches: readonly Breach[] }): ReactElement {
  const columns: Column<Breach>[] = [
    { key: 'at', title: 'Found', cell: ({ detectedAt }) => dateTime(detectedAt) },
    { key: 'phase', title: 'Phase', align: 'right', cell: ({ phase }) => phase },
    { key: 'detail', title: 'Breach', cell: ({ detail }) => detail },
    { key: 'done', title: 'Done', cell: ({ done }) => DONE[done] },
    {
      key: 'back',
      title: 'Taken back',
      cell: ({ takenBackAt, takenBackBy, watchedAgainAt }) => {
        if (takenBackAt === null) return 'no';
        const back = `${dateTime(takenBackAt)} by ${takenBackBy ?? 'somebody'}`;
        return watchedAgainAt === null ? back : `${back}; watched again since ${dateTime(watchedAgainAt)}`;
      },
    },
  ];
  return <DataTable caption="Breaches" columns={columns} rows={[...breaches]} rowKey={({ id }) => id} />;
}
