import type { ReactElement } from 'react';
import type { ArmSurvival, Experiment, Outcome, Survival, SurvivalComparison } from '../../api/types.js';
import { count, decimal, pValue, percent, range } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Missing } from '../../ui/estimate.js';
import { whyMissing } from './survival-reasons.js';

interface Row {
  arm: ArmSurvival;
  /** null: the baseline. */
  versus: SurvivalComparison | null;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${decimal(value, 3)}`;

/** A result through one renderer, or a dash with the reason; nothing for the baseline itself. */
function shown<T>(result: Outcome<T> | undefined, show: (value: T) => ReactElement): ReactElement {
  if (result === undefined) return <span className="mq-muted">baseline</span>;
  return result.status === 'ok' ? show(result) : <Missing reason={whyMissing(result.reason)} />;
}

function Lines({ main, below, last }: { main: string; below: string; last: string }): ReactElement {
  return (
    <div>
      <strong>{main}</strong>
      <div className="mq-muted">{below}</div>
      <div className="mq-muted">{last}</div>
    </div>
  );
}

function hazards({ versus }: Row): ReactElement {
  return shown(versus?.cox, (cox) => {
    const check = versus?.proportionality;
    const known = check?.status === 'ok' ? check : null;
    const parts = known
      ? `${decimal(known.early.hazardRatio, 2)} to day ${known.splitTime}, ${decimal(known.late.hazardRatio, 2)} after`
      : 'too few events';
    const doubt = known
      ? `p ${pValue(known.pValue)}${known.pValue < 0.05 ? ', not proportional' : ''}`
      : 'to check the assumption';
    const interval = range({ lower: cox.lower, upper: cox.upper }, (value) => decimal(value, 2));
    return <Lines main={`${decimal(cox.hazardRatio, 2)} (${interval})`} below={parts} last={doubt} />;
  });
}

function columnsOf(experiment: Experiment, data: Survival): Column<Row>[] {
  return [
    {
      key: 'arm',
      title: 'Arm',
      cell: ({ arm }) => experiment.arms.find(({ key }) => key === arm.arm)?.title ?? arm.arm,
    },
    {
      key: 'events',
      title: 'Events',
      align: 'right',
      cell: ({ arm }) => `${count(arm.events)} of ${count(arm.units)}`,
    },
    {
      key: 'mean',
      title: data.tau === null ? 'Days without it' : `Days without it, of ${count(data.tau)}`,
      align: 'right',
      cell: ({ arm }) =>
        arm.restrictedMean === null ? (
          <Missing reason={whyMissing('insufficient_follow_up')} />
        ) : (
          `${decimal(arm.restrictedMean.mean, 4)} (SE ${decimal(arm.restrictedMean.standardError, 2)})`
        ),
    },
    {
      key: 'difference',
      title: 'Difference in days',
      align: 'right',
      cell: ({ versus }) =>
        shown(versus?.restrictedMean, ({ difference, lower, upper, pValue: p }) => (
          <Lines
            main={`${signed(difference)} (${range({ lower, upper }, signed)})`}
            below={`${percent(1 - data.alpha, 0)} confidence interval`}
            last={`p ${pValue(p)}`}
          />
        )),
    },
    {
      key: 'log-rank',
      title: 'Log-rank test',
      align: 'right',
      cell: ({ versus }) => shown(versus?.logRank, ({ pValue: p }) => <>p {pValue(p)}</>),
    },
    { key: 'hazard', title: 'Hazard ratio (secondary)', align: 'right', cell: hazards },
  ];
}

/** Restricted means first; the log-rank test and the hazard ratio with what it assumes beside them. */
export function SurvivalSummary({
  experiment,
  data,
}: {
  experiment: Experiment;
  data: Survival;
}): ReactElement {
  const rows = data.arms.map((arm): Row => ({
    arm,
    versus: data.comparisons.find((comparison) => comparison.arm === arm.arm) ?? null,
  }));
  return (
    <DataTable
      caption="Days without the event by arm"
      columns={columnsOf(experiment, data)}
      rows={rows}
      rowKey={({ arm }) => arm.arm}
    />
  );
}
