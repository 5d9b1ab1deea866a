import { Alert, Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useSchedule } from '../../../api/traffic.js';
import type { RampStep, Schedule } from '../../../api/traffic.js';
import type { Experiment } from '../../../api/types.js';
import { count, dateTime, duration, percent } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Facts } from '../../../ui/details.js';
import { ManagedCell } from '../../../ui/managed.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import { Pill } from '../../../ui/status.js';
import { CHANGEABLE } from '../lifecycle.js';
import { ScheduleDialog } from './schedule-dialog.js';

/** Start, end, ramp and goals, and how far they have come. */
export function SchedulePanel({ experiment }: { experiment: Experiment }): ReactElement {
  const [editing, setEditing] = useState<Schedule | null>(null);
  const query = useSchedule(experiment.key);
  const schedule = query.data;
  return (
    <Panel
      title="Schedule"
      note="Carried out by the product every ten seconds, and written to the audit log."
      actions={
        schedule !== undefined && CHANGEABLE.has(experiment.status) ? (
          <ManagedCell
            kind="experiment"
            of={experiment.key}
            title={experiment.title}
            part="schedule"
            hasBanner
          >
            <Button size="xs" variant="default" onClick={() => setEditing(schedule)}>
              Edit schedule
            </Button>
          </ManagedCell>
        ) : undefined
      }
    >
      <QueryBoundary query={query} what="schedule" lines={3}>
        {(found) => <Planned schedule={found} />}
      </QueryBoundary>
      {editing === null ? null : (
        <ScheduleDialog experiment={experiment} schedule={editing} close={() => setEditing(null)} />
      )}
    </Panel>
  );
}

function Planned({ schedule }: { schedule: Schedule }): ReactElement {
  const { startAt, endAt, atEnd, ramp, stopWhen, note, failed } = schedule;
  const goals = [
    stopWhen.units === null ? '' : `${count(stopWhen.units)} units`,
    stopWhen.halfWidth === null ? '' : `the lift is known to ± ${percent(stopWhen.halfWidth, 1)}`,
  ].filter((goal) => goal !== '');
  const end = atEnd === 'stop' ? 'stops' : 'is paused';
  return (
    <>
      {failed ? (
        <Alert color="orange" variant="light" title="The schedule is stuck" role="alert" mb="sm">
          {note}
        </Alert>
      ) : null}
      <Facts
        facts={[
          { label: 'Starts', value: startAt === null ? 'by hand' : dateTime(startAt) },
          { label: 'Ends', value: endAt === null ? 'by hand' : `${dateTime(endAt)}: it ${end}` },
          { label: 'Goal', value: goals.length === 0 ? 'none' : `${goals.join(' or ')}: it ${end}` },
          { label: 'Now', value: note === '' || failed ? '—' : note },
        ]}
      />
      {ramp.length === 0 ? null : <Ramp schedule={schedule} />}
    </>
  );
}

function Ramp({ schedule }: { schedule: Schedule }): ReactElement {
  const rows = schedule.ramp.map((step, index) => ({ ...step, index }));
  const columns: Column<RampStep & { index: number }>[] = [
    { key: 'step', title: 'Step', cell: ({ index }) => index + 1 },
    { key: 'traffic', title: 'Traffic', align: 'right', cell: ({ traffic }) => percent(traffic, 1) },
    { key: 'when', title: 'Not before', cell: whenText },
    {
      key: 'needs',
      title: 'Needs',
      cell: ({ needs }) => (needs === 'guardrails' ? 'guardrails and split are fine' : 'nothing else'),
    },
    {
      key: 'state',
      title: 'State',
      cell: ({ index }) => (
        <Pill label={index < schedule.step ? 'Done' : index === schedule.step ? 'Next' : 'Later'} />
      ),
    },
  ];
  return <DataTable caption="Ramp" columns={columns} rows={rows} rowKey={({ index }) => String(index)} />;
}

function whenText({ at, afterMinutes }: RampStep): string {
  const parts = [
    at === null ? '' : dateTime(at),
    afterMinutes === 0 ? '' : `${duration(afterMinutes * 60)} after the step before`,
  ].filter((part) => part !== '');
  return parts.join(' and ') || 'at once';
}
