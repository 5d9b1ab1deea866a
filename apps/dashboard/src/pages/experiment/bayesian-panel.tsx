import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { useBayesian } from '../../api/method-queries.js';
import type { Bayesian } from '../../api/types-methods.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { count, difference, level, percent, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './bayesian-panel.module.css';

interface BayesianPanelProps {
  experimentKey: string;
  metric: string;
  alpha: number;
}

const MODEL = {
  'beta-binomial': { name: 'beta-binomial', prior: ['successes', 'failures'] },
  'gamma-poisson': { name: 'gamma-Poisson', prior: ['events', 'units'] },
} as const;

/** Shares and counts under their conjugate models: who wins, what a wrong choice costs, who is best of all arms. */
export function BayesianPanel({ experimentKey, metric, alpha }: BayesianPanelProps): ReactElement {
  return (
    <QueryBoundary
      query={useBayesian(experimentKey, metric, alpha)}
      what="Bayesian result"
      lines={3}
      isEmpty={({ arms }) => arms.length === 0}
      empty={
        <StateMessage icon="clock" title="No posterior for this metric">
          It needs a share or a whole count per unit, and at least one mature unit of the baseline.
        </StateMessage>
      }
    >
      {(data) => <Shown data={data} />}
    </QueryBoundary>
  );
}

const HEADINGS = {
  arm: 'Arm',
  n: 'Units',
  events: 'Events',
  mean: 'Posterior mean',
  lower: 'From',
  upper: 'To',
  best: 'P(best)',
  win: 'Chance to win',
  loss: 'Expected loss of this arm',
  keep: 'Expected loss of the baseline',
  within: 'P(practically equal)',
};

const PROBABILITIES = ['best', 'win', 'within'];

function twinRows({ arms, comparisons }: Bayesian): TwinRow[] {
  return arms.map(({ arm, n, events, mean, lower, upper, probabilityBest }) => {
    const against = comparisons.find((one) => one.arm === arm);
    return {
      id: arm,
      cells: {
        arm,
        n,
        events,
        mean,
        lower,
        upper,
        best: probabilityBest,
        win: against?.chanceToWin ?? null,
        loss: against?.expectedLoss.treatment ?? null,
        keep: against?.expectedLoss.baseline ?? null,
        within: against?.equivalence.within ?? null,
      },
    };
  });
}

function Shown({ data }: { data: Bayesian }): ReactElement {
  const rows = twinRows(data);
  const text = (key: string, value: string | number | null): string => {
    if (typeof value !== 'number') return value ?? '—';
    if (PROBABILITIES.includes(key)) return probability(value);
    if (key === 'n' || key === 'events') return count(value);
    if (key === 'loss' || key === 'keep') return difference(value, data.measuredIn);
    return level(value, data.measuredIn);
  };
  const columns = Object.entries(HEADINGS).map(([key, title]): Column<TwinRow> => ({
    key,
    title,
    align: key === 'arm' ? 'left' : 'right',
    cell: ({ cells }) => text(key, cells[key] ?? null),
  }));
  return (
    <>
      {data.warnings.map((warning) => (
        <Alert key={warning} color="orange" variant="light" mb={8}>
          {warning}
        </Alert>
      ))}
      <ChartFrame
        title={`Bayesian ${data.metric}`}
        summary={summaryOf(data)}
        headings={HEADINGS}
        rows={rows}
        format={text}
      >
        <div className={styles.rows}>
          {data.arms.map(({ arm, probabilityBest }) => (
            <div key={arm} className={styles.row}>
              <span className={styles.name}>{arm}</span>
              <span className={styles.track} aria-hidden="true">
                <span className={styles.bar} style={{ width: `${probabilityBest * 100}%` }} />
              </span>
              <span>best with {probability(probabilityBest)}</span>
            </div>
          ))}
        </div>
      </ChartFrame>
      <DataTable
        caption={`Posterior of ${data.title}`}
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        dense
      />
    </>
  );
}

function summaryOf({ model, prior, alpha, equivalence, betterWhen, baseline }: Bayesian): string {
  const used = MODEL[model ?? 'beta-binomial'];
  return `${used.name} model with a prior of ${prior.a} ${used.prior[0]} and ${prior.b} ${used.prior[1]} for every arm; better when ${betterWhen}. Credible intervals of ${percent(1 - alpha, 0)}. Practically equal: within ${percent(equivalence)} of ${baseline}. Read it once: looking often makes wrong choices more frequent.`;
}
