import type { ReactElement } from 'react';
import { Suspense, lazy } from 'react';
import { Skeleton } from '@mantine/core';
import type { ComparedBy } from '../../api/method-queries.js';
import type { MetricResult } from '../../api/types.js';
import type { Moments } from '../../api/types-units.js';
import { count, exact, whyUndefined } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Figure, Missing } from '../../ui/estimate.js';
import styles from './result-detail.module.css';
import { PeriodsTable } from './result-periods.js';

const DistributionPanel = lazy(async () => ({
  default: (await import('./distribution-panel.js')).DistributionPanel,
}));

const MethodPanels = lazy(async () => ({ default: (await import('./method-panels.js')).MethodPanels }));

interface ResultDetailProps {
  experimentKey: string;
  result: MetricResult;
  baseline: string;
  comparedBy: ComparedBy;
}

/** What a result is made of: moments per arm, the formula with its numbers, and the distribution of the units. */
export function ResultDetail({
  experimentKey,
  result,
  baseline,
  comparedBy,
}: ResultDetailProps): ReactElement {
  return (
    <div className={styles.detail}>
      <section aria-label={`Moments of ${result.title}, ${result.arm}`}>
        <h3 className={styles.title}>Moments</h3>
        <MomentsTable result={result} baseline={baseline} />
      </section>
      <section aria-label={`Formula of ${result.title}, ${result.arm}`}>
        <h3 className={styles.title}>How the effect is computed</h3>
        {result.formula.length === 0 ? (
          <p className={styles.note}>
            There is no effect yet: {whyUndefined(result.effect) ?? 'not enough data.'}
          </p>
        ) : (
          <ol className={styles.formula}>
            {result.formula.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
        )}
      </section>
      {result.periods ? (
        <section aria-label={`Allocations of ${result.title}, ${result.arm}`}>
          <h3 className={styles.title}>Allocation by allocation</h3>
          <PeriodsTable result={result} periods={result.periods} />
          <p className={styles.note}>
            The panels below are of all units together, whatever the weights were.
          </p>
        </section>
      ) : null}
      <section aria-label={`Distribution of ${result.title}, ${result.arm}`}>
        <h3 className={styles.title}>Distribution over units</h3>
        <Suspense fallback={<Skeleton height={160} />}>
          <DistributionPanel
            experimentKey={experimentKey}
            metric={result.metric}
            arms={[baseline, result.arm]}
          />
        </Suspense>
      </section>
      <Suspense fallback={<Skeleton height={160} />}>
        <MethodPanels experimentKey={experimentKey} result={result} comparedBy={comparedBy} />
      </Suspense>
    </div>
  );
}

interface MomentsRow {
  arm: string;
  moments: Moments | null;
}

function MomentsTable({ result, baseline }: Pick<ResultDetailProps, 'result' | 'baseline'>): ReactElement {
  const { control, treatment } = result.moments;
  const rows: MomentsRow[] = [
    { arm: baseline, moments: control },
    { arm: result.arm, moments: treatment },
  ];
  const ratio = result.kind === 'ratio';
  const covariate = [control, treatment].some((moments) => (moments?.comoment[2] ?? 0) > 0);
  const figure = (key: string, title: string, value: (moments: Moments) => number): Column<MomentsRow> => ({
    key,
    title,
    align: 'right',
    cell: ({ moments }) =>
      moments === null || moments.n === 0 ? (
        <Missing reason="There are no moments of this arm" />
      ) : (
        <Figure text={exact(value(moments))} reason="At least two units are needed" />
      ),
  });
  const variance = (at: 0 | 1 | 2) => (moments: Moments) =>
    moments.n < 2 ? NaN : moments.comoment[at] / (moments.n - 1);
  const columns: Column<MomentsRow>[] = [
    { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
    { key: 'n', title: 'n', align: 'right', cell: ({ moments }) => count(moments?.n ?? 0) },
    figure('y', ratio ? 'Numerator mean' : 'Mean', (moments) => moments.mean[0]),
    figure('yy', ratio ? 'Numerator variance' : 'Variance', variance(0)),
    ...(ratio
      ? [
          figure('d', 'Denominator mean', (moments) => moments.mean[1]),
          figure('dd', 'Denominator variance', variance(1)),
        ]
      : []),
    ...(covariate
      ? [
          figure('x', 'Pre-period mean', (moments) => moments.mean[2]),
          figure('xx', 'Pre-period variance', variance(2)),
        ]
      : []),
  ];
  return (
    <DataTable
      caption={`Moments of ${result.title}, ${result.arm}`}
      columns={columns}
      rows={rows}
      rowKey={({ arm }) => arm}
      dense
    />
  );
}
