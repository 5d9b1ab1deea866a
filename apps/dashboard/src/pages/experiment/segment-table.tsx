import { VisuallyHidden } from '@mantine/core';
import type { ReactElement } from 'react';
import { memo } from 'react';
import type { Effect } from '../../api/types.js';
import type {
  SegmentAttribute,
  SegmentCell,
  SegmentInteraction,
  SegmentMetric,
  SegmentScan,
} from '../../api/types-units.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { compact, count, decimal, lift, pValue, range, whyUndefined } from '../../format/index.js';
import { Hint } from '../../ui/details.js';
import { Missing } from '../../ui/estimate.js';
import styles from './segment-table.module.css';

interface SegmentTableProps {
  scan: SegmentScan;
  arm: string;
  attributes: readonly SegmentAttribute[];
  metrics: readonly SegmentMetric[];
  muted: boolean;
}

const HEADINGS = {
  attribute: 'Attribute',
  value: 'Value',
  metric: 'Metric',
  arm: 'Arm',
  shrunken: 'Shrunken lift',
  shrunkenLower: 'Shrunken lower',
  shrunkenUpper: 'Shrunken upper',
  lift: 'Raw lift',
  lower: 'Raw lower',
  upper: 'Raw upper',
  n: 'Units',
  p: 'p',
  q: 'q',
  finding: 'Finding',
};

/** What the counts of a table are of. */
export const countedOf = ({ clusterBy }: Pick<SegmentScan, 'clusterBy'>): string =>
  clusterBy === null ? 'units' : 'clusters';

const GLYPH = { better: '▲', worse: '▼', unclear: '●' } as const;

/** Heat table of one arm: a row per segment, a column per metric, the interaction test under each attribute. */
export const SegmentTable = memo(function SegmentTable({
  scan,
  arm,
  attributes,
  metrics,
  muted,
}: SegmentTableProps): ReactElement {
  const shown = scan.cells.filter(
    (cell) =>
      cell.arm === arm &&
      attributes.some((one) => one.attribute === cell.attribute) &&
      metrics.some((one) => one.key === cell.metric),
  );
  const domain = robustDomain(
    shown
      .filter((cell) => !cell.tooFew)
      .map(shownLift)
      .flatMap(({ estimate, interval }) => [estimate, interval?.lower, interval?.upper]),
    0.02,
  );
  return (
    <ChartFrame
      title={`Segments ${scan.experiment} ${arm}`}
      summary={summaryOf(shown)}
      headings={scan.clusterBy === null ? HEADINGS : { ...HEADINGS, n: 'Clusters' }}
      rows={shown.map((cell) => twin(cell, metrics))}
      format={text}
      legend={
        <>
          <LegendItem color="var(--mq-gain)" label="▲ better" area />
          <LegendItem color="var(--mq-loss)" label="▼ worse" area />
          <LegendItem color="var(--mq-s0)" label="● not clear" area />
        </>
      }
    >
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Segments by metric, heat table">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Segment</th>
              {metrics.map(({ key, title }) => (
                <th key={key} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          {attributes.map((attribute) => (
            <Group
              key={attribute.attribute}
              attribute={attribute}
              metrics={metrics}
              cells={shown}
              interactions={scan.interactions.filter((one) => one.arm === arm)}
              domain={domain}
              muted={muted}
              counted={countedOf(scan)}
            />
          ))}
        </table>
      </div>
    </ChartFrame>
  );
});

interface GroupProps {
  attribute: SegmentAttribute;
  metrics: readonly SegmentMetric[];
  cells: readonly SegmentCell[];
  interactions: readonly SegmentInteraction[];
  domain: number;
  muted: boolean;
  counted: string;
}

function Group({
  attribute,
  metrics,
  cells,
  interactions,
  domain,
  muted,
  counted,
}: GroupProps): ReactElement {
  const name = attribute.attribute;
  const others = Object.values(attribute.otherUnits).reduce((sum, units) => sum + units, 0);
  return (
    <tbody>
      {attribute.values.map(({ value, units }) => (
        <tr key={value}>
          <th scope="row" className={styles.segment}>
            {name}: {value}
            <span className={styles.note}>
              {compact(Object.values(units).reduce((sum, n) => sum + n, 0))} {counted}
            </span>
          </th>
          {metrics.map(({ key }) => (
            <td key={key} className={styles.td}>
              <Cell
                cell={cells.find(
                  (one) => one.attribute === name && one.value === value && one.metric === key,
                )}
                domain={domain}
                muted={muted}
              />
            </td>
          ))}
        </tr>
      ))}
      <tr className={styles.test}>
        <th scope="row" className={styles.segment}>
          {name}: does it differ?
          {others > 0 ? (
            <span className={styles.note}>
              {compact(others)} {counted} with rarer values left out
            </span>
          ) : null}
        </th>
        {metrics.map(({ key }) => (
          <td key={key} className={styles.td}>
            <Interaction test={interactions.find((one) => one.attribute === name && one.metric === key)} />
          </td>
        ))}
      </tr>
    </tbody>
  );
}

/** The lift that a cell shows first: the shrunken one where there is one. */
function shownLift({ shrunken, effect: { relative } }: SegmentCell): {
  estimate: number | null;
  interval: Effect['interval'];
} {
  return shrunken?.relative ?? relative;
}

interface CellProps {
  cell: SegmentCell | undefined;
  domain: number;
  muted: boolean;
}

function Cell({ cell, domain, muted }: CellProps): ReactElement {
  if (cell === undefined) return <Missing reason="No unit of this segment has matured" />;
  const { relative, control, treatment } = cell.effect;
  const why = whyUndefined(relative);
  const direction = muted ? 'unclear' : cell.direction;
  const strong = Math.abs(shownLift(cell).estimate ?? 0) > domain / 4;
  return (
    <div className={styles.cell} data-heat={direction} data-strong={strong} data-few={cell.tooFew}>
      {why === null ? (
        <CellLift cell={cell} domain={domain} direction={direction} muted={muted} />
      ) : (
        <Missing reason={why} />
      )}
      <span className={styles.note}>
        n {compact(control.n + treatment.n)}
        {cell.tooFew ? ', too few' : cell.qValue === null ? '' : `, q ${pValue(cell.qValue)}`}
      </span>
    </div>
  );
}

interface CellLiftProps {
  cell: SegmentCell;
  domain: number;
  direction: SegmentCell['direction'];
  muted: boolean;
}

function CellLift({ cell, domain, direction, muted }: CellLiftProps): ReactElement {
  const { estimate, interval } = shownLift(cell);
  const raw = cell.effect.relative;
  return (
    <>
      <span className={styles.lift}>
        <span aria-hidden="true">{GLYPH[direction]}</span> {lift(estimate)}
        <VisuallyHidden> {direction}</VisuallyHidden>
      </span>
      <IntervalBar
        estimate={estimate}
        lower={interval?.lower ?? null}
        upper={interval?.upper ?? null}
        domain={domain}
        direction={direction}
        muted={muted || cell.tooFew}
        width={84}
        height={14}
      />
      <span className={styles.note}>{range(interval, lift)}</span>
      {cell.shrunken?.relative ? (
        <span className={styles.note} title={`raw interval ${range(raw.interval, lift)}`}>
          raw {lift(raw.estimate)}
        </span>
      ) : null}
    </>
  );
}

function Interaction({ test }: { test: SegmentInteraction | undefined }): ReactElement {
  if (test?.reason === 'shared_clusters')
    return <Missing reason="Its segments share clusters, so their lifts are not independent" />;
  if (test === undefined || test.q === null || test.df === null)
    return <Missing reason="Fewer than two segments have enough units" />;
  return (
    <div className={styles.cell}>
      <Hint
        text={`Cochran’s Q ${decimal(test.q)} over ${count(test.segments)} segments, I² ${decimal(test.i2)}%: the share of the variation that is more than chance.${spreadText(test)}`}
      >
        <span>q {pValue(test.qValue)}</span>
      </Hint>
      <span className={styles.note}>p {pValue(test.pValue)}</span>
      {test.reversed ? (
        <strong className={styles.reversed}>opposite of the whole in every segment</strong>
      ) : null}
    </div>
  );
}

function spreadText({ shrinkage }: SegmentInteraction): string {
  if (shrinkage === null) return '';
  return ` True effects differ by about ${decimal(shrinkage.tau, 3)} (standard deviation, in units of the metric).`;
}

type Ends = Record<'estimate' | 'lower' | 'upper', number | null>;

function endsOf(shown: ReturnType<typeof shownLift> | null | undefined): Ends {
  const { lower = null, upper = null } = shown?.interval ?? {};
  return { estimate: shown?.estimate ?? null, lower, upper };
}

function twin(cell: SegmentCell, metrics: readonly SegmentMetric[]): TwinRow {
  const { relative, control, treatment } = cell.effect;
  const shrunken = endsOf(cell.shrunken?.relative);
  const raw = endsOf(relative);
  return {
    id: `${cell.attribute}/${cell.value}/${cell.metric}`,
    cells: {
      attribute: cell.attribute,
      value: cell.value,
      metric: metrics.find(({ key }) => key === cell.metric)?.title ?? cell.metric,
      arm: cell.arm,
      shrunken: shrunken.estimate,
      shrunkenLower: shrunken.lower,
      shrunkenUpper: shrunken.upper,
      lift: raw.estimate,
      lower: raw.lower,
      upper: raw.upper,
      n: control.n + treatment.n,
      p: cell.pValue,
      q: cell.qValue,
      finding: cell.tooFew ? 'too few units' : cell.direction === 'unclear' ? 'not clear' : cell.direction,
    },
  };
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  if (key === 'n') return count(value);
  return key === 'p' || key === 'q' ? pValue(value) : lift(value);
}

function summaryOf(cells: readonly SegmentCell[]): string {
  const of = (direction: SegmentCell['direction']): number =>
    cells.filter((cell) => !cell.tooFew && cell.direction === direction).length;
  const few = cells.filter((cell) => cell.tooFew).length;
  return `Of ${count(cells.length)} cells ${of('better')} are better, ${of('worse')} worse and ${of('unclear')} not clear after correction; ${few} have too few units to test.`;
}
