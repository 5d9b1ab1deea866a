import { Button, Group } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { useAssignmentHealth, useProjectRules } from '../../../api/assignment-health.js';
import type { AssignmentHealth, RulesView, StateFound } from '../../../api/assignment-health.js';
import type { Experiment } from '../../../api/types.js';
import { count, dateTime, duration, percent, plural } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Facts } from '../../../ui/details.js';
import layout from '../../../ui/layout.module.css';
import { ManagedCell } from '../../../ui/managed.js';
import { Panel } from '../../../ui/panel.js';
import { QueryBoundary } from '../../../ui/query-boundary.js';
import styles from '../health.module.css';
import { Steps } from '../steps.js';
import { Comparison } from './comparison.js';
import { RulesDialog } from './rules-dialog.js';
import { kindWords } from './state-words.js';
import { TrendChart } from './trend-chart.js';

/** Units whose assignment went wrong: how many, what it means, who is left out and what that does to the result. */
export function AssignmentPanel({ experiment }: { experiment: Experiment }): ReactElement {
  const [editing, setEditing] = useState<RulesView | null>(null);
  const query = useAssignmentHealth(experiment.key);
  const project = useProjectRules();
  const own = query.data;
  return (
    <Panel
      title="Health of assignment"
      note="Units that did not see the arm that they were assigned, or not that arm alone."
      actions={
        <Group gap="xs">
          {own === undefined ? null : (
            <ManagedCell
              kind="experiment"
              of={experiment.key}
              title={experiment.title}
              part="assignmentRules"
              hasBanner
            >
              <Button size="xs" variant="default" onClick={() => setEditing(own)}>
                Edit rules
              </Button>
            </ManagedCell>
          )}
          {project.data === undefined ? null : (
            <Button size="xs" variant="default" onClick={() => setEditing(project.data)}>
              Edit the project’s rules
            </Button>
          )}
        </Group>
      }
    >
      <QueryBoundary query={query} what="health of assignment" lines={6}>
        {(health) => <Found health={health} />}
      </QueryBoundary>
      {editing === null ? null : <RulesDialog view={editing} close={() => setEditing(null)} />}
    </Panel>
  );
}

const treated = ({ excluded, leftOut }: StateFound): string => {
  if (excluded === null) return 'not in the report: never exposed';
  if (!excluded) return 'counted as others are';
  return leftOut === 0 ? 'left out' : `left out: ${count(leftOut)}`;
};

const isAlarm = ({ share, threshold, affected }: StateFound): boolean => share >= threshold && affected >= 10;

const COLUMNS: readonly Column<StateFound>[] = [
  { key: 'state', title: 'State', cell: ({ title }) => title },
  { key: 'units', title: 'Units', align: 'right', cell: ({ affected }) => count(affected) },
  { key: 'share', title: 'Share of units', align: 'right', cell: ({ share }) => percent(share, 2) },
  {
    key: 'alarm',
    title: 'Alarm from',
    align: 'right',
    cell: (row) => `${percent(row.threshold, 1)}${isAlarm(row) ? ', exceeded' : ''}`,
  },
  { key: 'times', title: 'Times', align: 'right', cell: ({ times }) => count(times) },
  { key: 'report', title: 'In the report', cell: treated },
  { key: 'last', title: 'Last', cell: ({ lastAt }) => (lastAt === null ? '—' : dateTime(lastAt)) },
];

function Found({ health }: { health: AssignmentHealth }): ReactElement {
  const left = health.units - health.counted;
  return (
    <div className={layout.stack}>
      <p>
        {left === 0
          ? `All ${plural(health.units, 'unit')} count.`
          : `${count(left)} of ${plural(health.units, 'unit')} are left out (${percent(left / health.units, 2)}). A unit in several states is counted by the first rule that leaves it out.`}{' '}
        An exposure is late {duration(health.rules.lateAfterSeconds)} after its decision.
      </p>
      <DataTable
        caption="States of faulty assignment"
        columns={COLUMNS}
        rows={health.states}
        rowKey={({ state }) => state}
        rowName={({ title }) => title}
        detail={(row) => <Meaning found={row} />}
        dense
      />
      <TrendChart health={health} />
      <Comparison health={health} />
    </div>
  );
}

/** What a state means, where it comes from and what to do. */
function Meaning({ found }: { found: StateFound }): ReactElement {
  const arms = found.arms.map(({ arm, units, of }) =>
    of === null ? `${arm}: ${count(units)}` : `${arm}: ${count(units)} of ${count(of)}`,
  );
  const kinds = found.kinds.map(({ kind, units }) => `${kindWords(kind)}: ${count(units)}`);
  return (
    <div className={layout.stack}>
      <p className={styles.explanation}>{found.meaning}</p>
      <Facts
        facts={[
          ...(arms.length === 0 ? [] : [{ label: 'Units by arm', value: arms.join('; ') }]),
          ...(kinds.length === 0 ? [] : [{ label: 'Units by kind', value: kinds.join('; ') }]),
          ...(found.others === 0
            ? []
            : [{ label: 'Never exposed here', value: plural(found.others, 'unit') }]),
        ]}
      />
      <Steps title="Likely causes, most likely first" steps={found.causes} />
      <Steps title="What to do" steps={found.next} />
    </div>
  );
}
