import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { ReplayPage, ReplayedDecision } from '../../api/replays.js';
import { downloadCsv } from '../../charts/csv.js';
import { count, decimal, humanise, percent, plural, probability, time } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Stat, Stats } from '../../ui/details.js';
import { Icon } from '../../ui/icon.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './policies.module.css';

/** What changes place: an order in words, without colour. */
export function orderDifference(served: readonly string[], candidate: readonly string[]): string {
  const was = new Map(served.map((id, at) => [id, at]));
  const moves = candidate.flatMap((id, at) => {
    const from = was.get(id);
    if (from === undefined) return [`${id} new at ${at + 1}`];
    if (from === at) return [];
    return [`${id} ${from > at ? '▲' : '▼'} ${from + 1} → ${at + 1}`];
  });
  const gone = served.filter((id) => !candidate.includes(id)).map((id) => `${id} gone`);
  return [...moves, ...gone].join(', ');
}

const isSlate = (decision: ReplayedDecision): boolean => decision.kind === 'slate';

const COLUMNS: Column<ReplayedDecision>[] = [
  {
    key: 'at',
    title: 'Time',
    cell: ({ id, at }) => (
      <Link className="mq-link" to={`/decisions/${id}`}>
        {time(at)}
      </Link>
    ),
  },
  { key: 'unit', title: 'Unit', cell: ({ unitId }) => <span className="mq-mono">{unitId}</span> },
  { key: 'version', title: 'Snapshot', align: 'right', cell: ({ version }) => version },
  { key: 'served', title: 'Served', cell: ({ served }) => served.join(', ') },
  {
    key: 'candidate',
    title: 'The candidate',
    cell: (decision) => (
      <div className={styles.pair}>
        <span>{decision.candidate.join(', ')}</span>
        {isSlate(decision) ? (
          <span className={styles.note}>{orderDifference(decision.served, decision.candidate)}</span>
        ) : null}
      </div>
    ),
  },
  {
    key: 'propensity',
    title: 'Served with',
    align: 'right',
    cell: ({ propensity }) => probability(propensity),
  },
  {
    key: 'probability',
    title: 'Under the candidate',
    align: 'right',
    cell: (decision) => probability(decision.probability),
  },
  { key: 'weight', title: 'Weight', align: 'right', cell: ({ weight }) => decimal(weight, 2) },
];

const HEADINGS = {
  id: 'Decision',
  at: 'Time',
  unitId: 'Unit',
  version: 'Snapshot',
  served: 'Served',
  candidate: 'Candidate',
  difference: 'Difference',
  propensity: 'Logged probability of what was served',
  probability: 'Its probability under the candidate',
  candidatePropensity: 'Probability of the candidate’s choice',
  weight: 'Weight',
};

function save(last: ReplayPage, items: readonly ReplayedDecision[]): void {
  const rows = items.map((item) => ({
    id: item.id,
    cells: {
      id: item.id,
      at: item.at,
      unitId: item.unitId,
      version: item.version,
      served: item.served.join(' '),
      candidate: item.candidate.join(' '),
      difference: orderDifference(item.served, item.candidate),
      propensity: item.propensity,
      probability: item.probability,
      candidatePropensity: item.candidatePropensity,
      weight: item.weight,
    },
  }));
  downloadCsv(`Replay of ${last.policyId} through ${last.candidate.policyId}`, HEADINGS, rows);
}

/** Totals of all pages so far, and the decisions that differ. */
export function ReplayResult({
  last,
  items,
}: {
  last: ReplayPage;
  items: readonly ReplayedDecision[];
}): ReactElement {
  const { totals } = last;
  return (
    <>
      <Totals last={last} />
      {totals.skipped.map(({ reason, decisions, detail }) => (
        <p key={reason} className={styles.note}>
          {plural(decisions, 'decision')} left out, {humanise(reason).toLowerCase()}: {detail}
        </p>
      ))}
      {items.length === 0 ? (
        <StateMessage icon="check" title="No difference">
          The candidate makes the same choice in every decision replayed so far.
        </StateMessage>
      ) : (
        <>
          <Button
            variant="subtle"
            color="gray"
            size="compact-xs"
            leftSection={<Icon name="download" size={14} />}
            onClick={() => save(last, items)}
          >
            CSV
          </Button>
          <DataTable
            caption="Decisions that differ"
            columns={COLUMNS}
            rows={items}
            rowKey={({ id }) => id}
            step={50}
            dense
          />
        </>
      )}
    </>
  );
}

function Totals({ last }: { last: ReplayPage }): ReactElement {
  const { totals, candidate } = last;
  const largest = totals.largestWeights[0];
  return (
    <Stats>
      <Stat
        label="Decisions"
        value={count(totals.decisions)}
        note={
          last.nextCursor === null
            ? `the whole day, ${candidate.version === 'logged' ? 'by the snapshots that served' : `by ${candidate.policyId}, snapshot ${candidate.version}`}`
            : `up to ${time(last.replayedTo)}; more to come`
        }
      />
      <Stat
        label="Another choice"
        value={percent(totals.differShare)}
        note={`${count(totals.differ)} with the same seed`}
      />
      <Stat
        label="Probability of what was served"
        value={probability(totals.meanProbability)}
        note={`mean; ${probability(totals.meanPropensity)} when it was served`}
      />
      <Stat
        label="Largest weight"
        value={largest === undefined ? '—' : decimal(largest.weight, 1)}
        note={`mean ${decimal(totals.meanWeight, 2)}; worth ${count(totals.effectiveSampleSize)} decisions`}
      />
    </Stats>
  );
}
