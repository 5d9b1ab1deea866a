import type { ReactElement } from 'react';
import { useId } from 'react';
import type { Distribution, DistributionArm } from '../../api/types-units.js';
import { useDistribution } from '../../api/unit-queries.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { Histogram } from '../../charts/histogram.js';
import { seriesLook } from '../../charts/palette.js';
import { count, level, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './result-detail.module.css';

interface DistributionPanelProps {
  experimentKey: string;
  metric: string;
  /** Arms to show, the baseline first. */
  arms: readonly string[];
}

/** Histogram and quantiles of one metric for some arms. */
export function DistributionPanel({ experimentKey, metric, arms }: DistributionPanelProps): ReactElement {
  return (
    <QueryBoundary
      query={useDistribution(experimentKey, metric)}
      what="distribution"
      lines={4}
      isEmpty={(data) => data.arms.length === 0}
      empty={
        <StateMessage icon="clock" title="No unit has a value yet">
          The distribution appears with the first mature units.
        </StateMessage>
      }
    >
      {(data) => (
        <Shown
          data={{ ...data, arms: arms.flatMap((key) => data.arms.find((arm) => arm.arm === key) ?? []) }}
        />
      )}
    </QueryBoundary>
  );
}

const HEADINGS = { arm: 'Arm', from: 'From', to: 'To', units: 'Units', share: 'Share' };

function twinRows({ arms, edges, tail }: Distribution): TwinRow[] {
  return arms.flatMap(({ arm, n, counts, tail: beyond }) => [
    ...counts.map((units, bin) => ({
      id: `${arm}/${bin}`,
      cells: { arm, from: edges[bin] ?? null, to: edges[bin + 1] ?? null, units, share: units / n },
    })),
    ...(tail === null
      ? []
      : [
          {
            id: `${arm}/tail`,
            cells: { arm, from: tail.above, to: tail.largest, units: beyond, share: beyond / n },
          },
        ]),
  ]);
}

function Shown({ data }: { data: Distribution }): ReactElement {
  const id = useId();
  const { edges, tail, measuredIn } = data;
  const sharesOf = ({ counts, tail: beyond, n }: DistributionArm): number[] =>
    [...counts, ...(tail === null ? [] : [beyond])].map((units) => units / n);
  const most = Math.max(0, ...data.arms.flatMap(sharesOf));
  return (
    <>
      <ChartFrame
        title={`Distribution ${data.metric} ${data.arms.map(({ arm }) => arm).join(' ')}`}
        summary={summaryOf(data)}
        headings={HEADINGS}
        rows={twinRows(data)}
        format={(key, value) => {
          if (typeof value !== 'number') return value ?? '—';
          if (key === 'units') return count(value);
          return key === 'share' ? percent(value) : level(value, measuredIn);
        }}
        legend={data.arms.map(({ arm }, index) => (
          <LegendItem key={arm} color={seriesLook(index).color} label={arm} area />
        ))}
      >
        {data.arms.map((arm, index) => (
          <div key={arm.arm} className={styles.arm}>
            <span className={styles.name}>{arm.arm}</span>
            <Histogram
              shares={sharesOf(arm)}
              hasTail={tail !== null}
              most={most}
              color={seriesLook(index).color}
              className={styles.bars}
              id={`${id}-${index}`}
            />
          </div>
        ))}
        <div className={styles.axis} aria-hidden="true">
          <span>{level(edges[0], measuredIn)}</span>
          <span>
            {tail === null
              ? level(edges.at(-1), measuredIn)
              : `hatched: ${level(tail.above, measuredIn)} and more, up to ${level(tail.largest, measuredIn)}`}
          </span>
        </div>
      </ChartFrame>
      <Quantiles data={data} />
    </>
  );
}

function summaryOf({ arms, tail, measuredIn, valueIs }: Distribution): string {
  const parts = arms.map(
    ({ arm, n, without, shareOfZeros, quantiles }) =>
      `${arm}: ${percent(shareOfZeros)} zeros, median ${level(quantiles.find(({ level: at }) => at === 0.5)?.value, measuredIn)}, n ${count(n)}${without > 0 ? `, ${count(without)} without a value` : ''}`,
  );
  const cut =
    tail === null
      ? ''
      : ` The axis ends at ${level(tail.above, measuredIn)}; larger values are counted together.`;
  return `${parts.join('; ')}. ${valueIs}${cut}`;
}

function Quantiles({ data }: { data: Distribution }): ReactElement {
  const { measuredIn } = data;
  const levels = data.arms[0]?.quantiles.map((quantile) => quantile.level) ?? [];
  const columns: Column<DistributionArm>[] = [
    { key: 'arm', title: 'Arm', cell: ({ arm }) => arm },
    { key: 'n', title: 'Units', align: 'right', cell: ({ n }) => count(n) },
    { key: 'zeros', title: 'Zeros', align: 'right', cell: ({ shareOfZeros }) => percent(shareOfZeros) },
    { key: 'mean', title: 'Mean', align: 'right', cell: ({ mean }) => level(mean, measuredIn) },
    ...levels.map((at, index): Column<DistributionArm> => ({
      key: String(at),
      title: `p${Math.round(at * 100)}`,
      align: 'right',
      cell: ({ quantiles }) => level(quantiles[index]?.value, measuredIn),
    })),
    { key: 'largest', title: 'Largest', align: 'right', cell: ({ largest }) => level(largest, measuredIn) },
  ];
  return (
    <DataTable
      caption={`Quantiles of ${data.title}, ${data.arms.map(({ arm }) => arm).join(' and ')}`}
      columns={columns}
      rows={data.arms}
      rowKey={({ arm }) => arm}
      dense
    />
  );
}
