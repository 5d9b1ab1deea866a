import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { useSwitchback } from '../../api/switchback.js';
import type { SwitchbackReport, SwitchbackResult } from '../../api/switchback.js';
import type { Experiment } from '../../api/types.js';
import { count, difference, level, pValue, percent, plural } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';

type Row = SwitchbackReport['comparisons'][number];

const WHY: Record<string, string> = {
  insufficient_units: 'An arm has fewer than two slots',
  zero_variance: 'The slots do not vary',
  denominator_zero: 'There is nothing to divide by',
  needs_units: 'Quantiles and times to an event are not compared by slot',
};

/** A switchback by slots of market and time: the randomisation test, and whether the slot before still shows. */
export function SwitchbackPanel({ experiment }: { experiment: Experiment }): ReactElement | null {
  return experiment.switchback ? <Shown experiment={experiment} /> : null;
}

function Shown({ experiment }: { experiment: Experiment }): ReactElement {
  return (
    <Panel
      title="By slots of time"
      note="Arms change with time, so each market in each slot is a unit. The interval allows for slots that go together (Newey and West); the p-value comes from dealing the arms to the slots anew."
    >
      <QueryBoundary query={useSwitchback(experiment.key, null)} what="switchback" lines={5}>
        {(report) => <Slots report={report} />}
      </QueryBoundary>
    </Panel>
  );
}

function Slots({ report }: { report: SwitchbackReport }): ReactElement {
  const { slotMinutes, washOutMinutes, markets, slots, title, draws, comparisons } = report;
  const carried = comparisons.filter(({ warning }) => warning !== null);
  return (
    <>
      <p className="mq-muted">
        {title}: {plural(slots, 'slot')} of {plural(slotMinutes, 'minute')} in {plural(markets, 'market')}.{' '}
        {washOutMinutes === 0
          ? 'No minutes are left out at the start of a slot.'
          : `The first ${plural(washOutMinutes, 'minute')} of each slot are served but do not count.`}{' '}
        {count(draws)} reassignments.
      </p>
      {carried.length === 0 ? null : (
        <Alert color="orange" variant="light" title="The slot before still shows" mb="sm">
          Outcomes after a slot of {carried.map(({ arm }) => arm).join(', ')} differ from those after a slot
          of {report.baseline}, so the difference is biased towards nothing. Use longer slots or leave out
          more minutes at their start.
        </Alert>
      )}
      <DataTable
        caption="Switchback by slots"
        columns={columnsOf(report)}
        rows={comparisons}
        rowKey={({ arm }) => arm}
      />
    </>
  );
}

function columnsOf({ measuredIn, level: share }: SwitchbackReport): Column<Row>[] {
  const cell =
    (show: (result: SwitchbackResult) => string) =>
    ({ result, reason }: Row): ReactElement | string =>
      result === null ? <Missing reason={WHY[reason ?? ''] ?? 'It cannot be computed'} /> : show(result);
  return [
    { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
    {
      key: 'treatment',
      title: 'Its mean',
      align: 'right',
      cell: cell(({ treatment }) => `${level(treatment.mean, measuredIn)} (n ${count(treatment.slots)})`),
    },
    {
      key: 'control',
      title: 'Control',
      align: 'right',
      cell: cell(({ control }) => `${level(control.mean, measuredIn)} (n ${count(control.slots)})`),
    },
    {
      key: 'difference',
      title: `Difference, ${percent(share, 0)} interval`,
      align: 'right',
      cell: cell(
        ({ estimate, lower, upper }) =>
          `${difference(estimate, measuredIn)} (${difference(lower, measuredIn)} to ${difference(upper, measuredIn)})`,
      ),
    },
    {
      key: 'p',
      title: 'Randomisation p',
      align: 'right',
      cell: cell(({ randomisationP }) => pValue(randomisationP)),
    },
    {
      key: 'carry',
      title: 'Carried over from the slot before',
      align: 'right',
      cell: (row) =>
        row.result !== null && row.result.carryOver === null ? (
          <Missing reason="Too few slots follow a slot of one of the two arms" />
        ) : (
          cell(({ carryOver }) =>
            carryOver === null
              ? ''
              : `${difference(carryOver.estimate, measuredIn)} (p ${pValue(carryOver.pValue)})`,
          )(row)
        ),
    },
  ];
}
