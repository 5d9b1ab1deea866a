import type { ReactElement } from 'react';
import type { QualityKey, RunEvaluation } from '../../../api/models.js';
import { count, dateTime, decimal } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { Figure } from '../../../ui/estimate.js';
import styles from '../policies.module.css';

const ROWS: readonly { key: QualityKey; title: string; note: string }[] = [
  { key: 'recall@20', title: 'Recall@20', note: 'found of what could be found in 20 places' },
  { key: 'ndcg@10', title: 'NDCG@10', note: 'how near the top it stands' },
  { key: 'coverage@20', title: 'Coverage@20', note: 'share of items in anybody’s first 20 places' },
];
type Row = (typeof ROWS)[number];

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${decimal(value, 4)}`;
}

/** A run on data that it had not seen, beside popularity and the version that served then. */
export function EvaluationTable({ evaluation }: { evaluation: RunEvaluation }): ReactElement {
  const { popularity, serving, judgedUnits = 0, data } = evaluation;
  if (judgedUnits === 0)
    return (
      <p className={styles.note}>Not judged: nobody had used anything new in the last tenth of the data.</p>
    );
  const columns: Column<Row>[] = [
    {
      key: 'metric',
      title: 'Measure',
      cell: ({ title, note }) => (
        <div className={styles.pair}>
          <strong>{title}</strong>
          <span className={styles.note}>{note}</span>
        </div>
      ),
    },
    { key: 'this', title: 'This fit', align: 'right', cell: ({ key }) => figure(evaluation[key]) },
    { key: 'popularity', title: 'Popularity', align: 'right', cell: ({ key }) => figure(popularity?.[key]) },
    ...(serving
      ? [
          {
            key: 'serving',
            title: `Snapshot ${serving.version}`,
            align: 'right' as const,
            cell: ({ key }: Row) => figure(serving[key]),
          },
        ]
      : []),
  ];
  const heldOut = data?.heldOutFrom ?? null;
  return (
    <>
      <DataTable
        caption="Evaluation on later data"
        columns={columns}
        rows={ROWS}
        rowKey={({ key }) => key}
        dense
      />
      <p className={styles.note}>
        {count(judgedUnits)} units judged{heldOut === null ? '' : ` on data from ${dateTime(heldOut)}`}.{' '}
        {serving
          ? comparison(serving)
          : 'Not compared with a serving snapshot: too little data that neither had seen.'}
      </p>
    </>
  );
}

function comparison({ version, judgedUnits, ...figures }: NonNullable<RunEvaluation['serving']>): string {
  const { estimate, lower, upper } = figures['ndcg@10Difference'];
  return `NDCG@10 minus that of snapshot ${version}: ${signed(estimate)} (95% interval ${signed(lower)} to ${signed(upper)}), over ${count(judgedUnits)} units on data that neither had learned from.`;
}

const figure = (value: number | undefined): ReactElement => (
  <Figure text={decimal(value ?? null, 4)} reason="This run did not measure it" />
);
