import type { ReactElement } from 'react';
import { useBeliefHistory, useBeliefs } from '../../api/policy-insights.js';
import type { BeliefHistory, PolicyBelief, PolicyBeliefs } from '../../api/policy-insights.js';
import { BandChart } from '../../charts/band-chart.js';
import { ChartFrame, LegendItem } from '../../charts/chart-frame.js';
import { seriesLook } from '../../charts/palette.js';
import { dateTime, decimal, percent, probability } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { SubjectField } from './subject-field.js';
import styles from './policies.module.css';

/** Ridges that can be told apart; the table has all. */
const MOST_RIDGES = 12;
const MOST_LINES = 6;

/** What the policy believes about each action, and how sure it has become. */
export function BeliefsTab({ id }: { id: string }): ReactElement {
  const [subject, setSubject] = useUrlState('subject');
  return (
    <div className={layout.stack}>
      <Panel
        title="What it believes now"
        note="Density of the believed mean reward per action, for the newest request. Narrow is sure; the ones to the right are served most. The probability of being best takes the curves as independent; exploration and floor come on top of it."
        actions={<SubjectField key={subject} subject={subject} setSubject={setSubject} />}
      >
        <QueryBoundary
          query={useBeliefs(id, subject || null)}
          what="beliefs"
          lines={8}
          isEmpty={(data) => data.items.length === 0}
          empty={<StateMessage icon="policies" title="No request was answered yet" />}
        >
          {(data) => <Ridges id={id} data={data} />}
        </QueryBoundary>
      </Panel>
      <Panel
        title="Probability over time"
        note="The same request, answered by earlier snapshots: how sure the policy has become."
      >
        <QueryBoundary
          query={useBeliefHistory(id, subject || null)}
          what="history"
          lines={8}
          isEmpty={(data) => data.points.length === 0}
          empty={<StateMessage icon="clock" title="No snapshot is kept yet" />}
        >
          {(data) => <History id={id} data={data} />}
        </QueryBoundary>
      </Panel>
    </div>
  );
}

const HEADINGS = {
  action: 'Action',
  best: 'Probability of being best',
  probability: 'Served with',
  mean: 'Believed mean',
  sd: 'Deviation',
};

function Ridges({ id, data }: { id: string; data: PolicyBeliefs }): ReactElement {
  const shown = data.items.slice(0, MOST_RIDGES);
  const peak = Math.max(0, ...shown.flatMap(({ density }) => density ?? []));
  const first = data.items[0];
  return (
    <ChartFrame
      title={`Beliefs of ${id}`}
      summary={
        first === undefined
          ? 'No action.'
          : `${first.title} would be served with probability ${probability(first.probability)}${first.mean === null ? '' : `; its believed mean reward is ${decimal(first.mean, 3)}`}.`
      }
      headings={HEADINGS}
      rows={data.items.map((item) => ({
        id: item.id,
        cells: {
          action: item.title,
          best: item.best,
          probability: item.probability,
          mean: item.mean,
          sd: item.sd,
        },
      }))}
      format={(key, value) => {
        if (typeof value !== 'number') return value ?? '—';
        return key === 'probability' || key === 'best' ? probability(value) : decimal(value, 4);
      }}
      source={contextOf(data)}
    >
      {shown.map((item) => (
        <Ridge key={item.id} item={item} grid={data.grid} peak={peak} />
      ))}
      {data.grid.length === 0 ? (
        <p className={styles.note}>
          This policy says what it would serve, but draws no curve of what it believes.
        </p>
      ) : (
        <div className={styles.ridgeAxis} aria-hidden="true">
          <span>{decimal(data.grid[0] ?? 0, 3)}</span>
          <span>mean reward</span>
          <span>{decimal(data.grid.at(-1) ?? 1, 3)}</span>
        </div>
      )}
      <p className={styles.note}>{contextOf(data)}</p>
    </ChartFrame>
  );
}

function contextOf({ at, subject, version }: PolicyBeliefs): string {
  const about = subject === null ? '' : ` about ${subject}`;
  return `Request of ${dateTime(at)}${about}, snapshot ${version ?? 'none'}`;
}

function Ridge({
  item,
  grid,
  peak,
}: {
  item: PolicyBelief;
  grid: readonly number[];
  peak: number;
}): ReactElement {
  const from = grid[0] ?? 0;
  const span = (grid.at(-1) ?? 1) - from || 1;
  const points = (item.density ?? [])
    .map((density, i) => `${(100 * i) / Math.max(1, grid.length - 1)},${38 - (36 * density) / (peak || 1)}`)
    .join(' ');
  return (
    <div className={styles.ridge}>
      <div className={styles.pair}>
        <span>{item.title}</span>
        <span className={styles.note}>
          {item.best === null ? '' : `best with ${probability(item.best)}, `}
          served with {probability(item.probability)}
          {item.mean === null ? '' : `, mean ${decimal(item.mean, 3)}`}
        </span>
      </div>
      {item.density === null ? (
        <span />
      ) : (
        <svg className={styles.curve} viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
          <polygon points={`0,38 ${points} 100,38`} fill={seriesLook(1).color} fillOpacity={0.28} />
          <polyline
            points={points}
            fill="none"
            stroke={seriesLook(1).color}
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
          {item.mean === null ? null : (
            <line
              x1={(100 * (item.mean - from)) / span}
              x2={(100 * (item.mean - from)) / span}
              y1={2}
              y2={38}
              stroke="var(--mq-text)"
              strokeDasharray="2 2"
              vectorEffect="non-scaling-stroke"
            />
          )}
        </svg>
      )}
    </div>
  );
}

function History({ id, data }: { id: string; data: BeliefHistory }): ReactElement {
  const last = data.points.at(-1)?.probabilities ?? {};
  const leading = [...data.actions].sort((a, b) => (last[b] ?? 0) - (last[a] ?? 0)).slice(0, MOST_LINES);
  const first = leading[0] ?? '';
  return (
    <ChartFrame
      title={`Probabilities of ${id} over time`}
      summary={`${first} is served with probability ${probability(last[first])} by the newest of ${data.points.length} snapshots.`}
      headings={{ snapshot: 'Snapshot', at: 'Made', ...Object.fromEntries(leading.map((key) => [key, key])) }}
      rows={data.points.map(({ at, probabilities, version }) => ({
        id: String(version),
        cells: {
          snapshot: version,
          at,
          ...Object.fromEntries(leading.map((key) => [key, probabilities[key] ?? 0])),
        },
      }))}
      format={(key, value) => {
        if (key === 'at') return dateTime(String(value));
        return typeof value === 'number' && key !== 'snapshot' ? probability(value) : String(value);
      }}
      legend={leading.map((key, index) => (
        <LegendItem
          key={key}
          color={seriesLook(index + 1).color}
          dash={seriesLook(index + 1).dash ?? '0'}
          label={key}
        />
      ))}
    >
      <BandChart
        series={leading.map((key, index) => ({ key, title: key, look: index + 1 }))}
        points={data.points.map(({ at, probabilities }) => ({
          x: at,
          values: Object.fromEntries(
            leading.map((key) => [key, { value: probabilities[key] ?? 0, lower: null, upper: null }]),
          ),
        }))}
        formatX={(x) => dateTime(x)}
        formatY={(y) => percent(y)}
        labelX="Snapshot made"
        height={240}
      />
    </ChartFrame>
  );
}
