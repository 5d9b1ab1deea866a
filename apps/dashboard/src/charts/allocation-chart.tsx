import type { ReactElement } from 'react';
import { Area, AreaChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { PolicyAllocation } from '../api/types.js';
import { count, dateTime, percent, shortDate, time } from '../format/index.js';
import { ChartFrame, LegendItem } from './chart-frame.js';
import type { TwinRow } from './chart-frame.js';
import { AXIS, TOOLTIP_STYLE, seriesLook } from './palette.js';

/** Strong colours first; the palette's own order keeps grey for controls, which actions don't have. */
const LOOKS = [1, 2, 0, 3, 4, 5];

function fillOf(name: string, index: number): string {
  return seriesLook(name === REST ? 99 : (LOOKS[index] ?? 99)).color;
}

/** More bands than this can't be told apart; the rest is one. */
const MOST = 6;
const REST = 'Other actions';
/** What the API calls the sum of the actions that it does not list. */
const UNLISTED = '(others)';

type Row = { at: string; decisions: number } & Record<string, string | number>;

function totals(data: PolicyAllocation): Map<string, number> {
  const sums = new Map<string, number>(data.actions.map((action) => [action, 0]));
  for (const point of data.points) {
    for (const [action, served] of Object.entries(point.counts))
      sums.set(action, (sums.get(action) ?? 0) + served);
  }
  return sums;
}

/** The most served actions, largest first. */
export function leadingActions(data: PolicyAllocation): string[] {
  return [...totals(data)]
    .filter(([action]) => action !== UNLISTED)
    .sort((a, b) => b[1] - a[1])
    .slice(0, MOST)
    .map(([action]) => action);
}

type AllocationPoint = PolicyAllocation['points'][number];

/** Long spans by the hour are noise: points of `hours` are summed. */
function merged(points: readonly AllocationPoint[], hours: number): AllocationPoint[] {
  const size = hours * 3_600_000;
  const groups = new Map<number, AllocationPoint>();
  for (const point of points) {
    const key = Math.floor(new Date(point.at).getTime() / size);
    const group = groups.get(key) ?? { ...point, counts: {}, decisions: 0 };
    for (const [action, served] of Object.entries(point.counts)) {
      group.counts[action] = (group.counts[action] ?? 0) + served;
    }
    groups.set(key, { ...group, decisions: group.decisions + point.decisions, version: point.version });
  }
  return [...groups.values()];
}

function shares(points: readonly AllocationPoint[], leading: readonly string[]): Row[] {
  return points
    .filter((point) => point.decisions > 0)
    .map((point) => {
      const sum = Object.values(point.counts).reduce((total, served) => total + served, 0) || 1;
      const row: Row = { at: point.at, decisions: point.decisions };
      for (const action of leading) row[action] = (point.counts[action] ?? 0) / sum;
      row[REST] = Math.max(0, 1 - leading.reduce((total, action) => total + Number(row[action]), 0));
      return row;
    });
}

function summaryOf(rows: readonly Row[], leading: readonly string[]): string {
  const first = rows[0];
  const last = rows.at(-1);
  const lead = leading[0];
  if (first === undefined || last === undefined || lead === undefined) return 'No decisions.';
  const decisions = rows.reduce((sum, row) => sum + row.decisions, 0);
  return `${lead} went from ${percent(Number(first[lead]))} to ${percent(Number(last[lead]))} of the decisions; ${count(decisions)} decisions in all.`;
}

/** Stacked shares of the actions that a policy served. */
interface AllocationChartProps {
  data: PolicyAllocation;
  /** Hours that one point of the chart stands for. */
  hours: number;
}

/** Stacked shares of the actions that a policy served. */
export function AllocationChart({ data, hours }: AllocationChartProps): ReactElement {
  const leading = leadingActions(data);
  const names = data.actions.length > leading.length ? [...leading, REST] : leading;
  const rows = shares(merged(data.points, hours), leading);
  const headings = Object.fromEntries([
    ['at', 'From'],
    ...names.map((name) => [name, name]),
    ['decisions', 'Decisions'],
  ]) as Record<string, string>;
  const twin: TwinRow[] = rows.map((row) => ({ id: row.at, cells: row }));
  return (
    <ChartFrame
      title="Allocation over time"
      summary={summaryOf(rows, leading)}
      headings={headings}
      rows={twin}
      format={(key, value) => cellText(key, value)}
      legend={names.map((name, index) => (
        <LegendItem key={name} color={fillOf(name, index)} label={name} area />
      ))}
    >
      <StackedShares rows={rows} names={names} hours={hours} />
    </ChartFrame>
  );
}

function cellText(key: string, value: string | number | null): string {
  if (typeof value === 'string') return dateTime(value);
  return key === 'decisions' ? count(value) : percent(value);
}

interface StackedSharesProps {
  rows: readonly Row[];
  names: readonly string[];
  hours: number;
}

function StackedShares({ rows, names, hours }: StackedSharesProps): ReactElement {
  const spansDays = hours > 1;
  const tick = (at: string): string => (spansDays ? shortDate(at) : time(at).slice(0, 5));
  // One label per day: the first bucket of each.
  const days = rows
    .map((row) => row.at)
    .filter((at, index) => index > 0 && shortDate(at) !== shortDate(rows[index - 1]?.at));
  return (
    <ResponsiveContainer width="100%" height={280} initialDimension={{ width: 640, height: 280 }}>
      <AreaChart data={[...rows]} margin={{ top: 8, right: 12, bottom: 4, left: 4 }}>
        <CartesianGrid stroke="var(--mq-line)" vertical={false} />
        <XAxis
          dataKey="at"
          {...AXIS}
          tickFormatter={tick}
          minTickGap={40}
          {...(spansDays ? { ticks: days } : {})}
        />
        <YAxis
          {...AXIS}
          width={52}
          domain={[0, 1]}
          allowDataOverflow
          tickFormatter={(share: number) => percent(share, 0)}
        />
        <Tooltip
          contentStyle={TOOLTIP_STYLE}
          labelFormatter={(at) => dateTime(String(at))}
          formatter={(share, name) => [percent(Number(share)), name]}
          isAnimationActive={false}
        />
        {names.map((name, index) => (
          <Area
            key={name}
            dataKey={name}
            name={name}
            stackId="share"
            type="linear"
            stroke="var(--mq-panel)"
            strokeWidth={1.5}
            fill={fillOf(name, index)}
            fillOpacity={0.86}
            isAnimationActive={false}
          />
        ))}
      </AreaChart>
    </ResponsiveContainer>
  );
}
