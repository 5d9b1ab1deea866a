import type { ReactElement } from 'react';
import { useExplorationLedger, useGain, usePropensities, useRewardDelay } from '../../api/policy-insights.js';
import type {
  ExplorationLedger,
  PolicyGain,
  PolicyPropensities,
  RewardDelay,
} from '../../api/policy-insights.js';
import { BandChart } from '../../charts/band-chart.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { Histogram } from '../../charts/histogram.js';
import { seriesLook } from '../../charts/palette.js';
import { count, dateTime, decimal, duration, percent, probability } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { IncrementalityPanel } from './incrementality-panel.js';
import styles from './policies.module.css';

/** What exploring brings and costs: gain over uniform choices, ledger, propensities, delay of rewards. */
export function ExplorationTab({ id }: { id: string }): ReactElement {
  return (
    <div className={layout.stack}>
      <Panel
        title="Reward beyond uniform choices"
        note="Cumulated over 14 days, from the policy's own log by inverse probabilities; of slates by their first place. The band is a 95% interval."
      >
        <QueryBoundary
          query={useGain(id)}
          what="gain"
          lines={8}
          isEmpty={(data) => data.points.length === 0}
          empty={<StateMessage icon="clock" title="No reward has settled in 14 days" />}
        >
          {(data) => <Gain id={id} data={data} />}
        </QueryBoundary>
      </Panel>
      <IncrementalityPanel id={id} />
      <Panel
        title="Exploration ledger"
        note="What decisions on actions that look worse are estimated to have cost, in units of the reward. The best action has at least 20 rewards, and is the best on average: a policy that suits the context explores less than it says here."
      >
        <QueryBoundary
          query={useExplorationLedger(id)}
          what="ledger"
          isEmpty={(data) => data.days.length === 0}
          empty={<StateMessage icon="policies" title="No decision in 14 days" />}
        >
          {(data) => <Ledger id={id} data={data} />}
        </QueryBoundary>
      </Panel>
      <Panel
        title="Propensities"
        note="How probable the served choices were, on a logarithmic scale. Small ones make other policies hard to judge from this log."
      >
        <QueryBoundary
          query={usePropensities(id)}
          what="propensities"
          isEmpty={(data) => data.decisions === 0}
          empty={<StateMessage icon="policies" title="No decision in 14 days" />}
        >
          {(data) => <Propensities id={id} data={data} />}
        </QueryBoundary>
      </Panel>
      <Panel title="How long rewards take" note="From the decision to its first counting outcome.">
        <QueryBoundary
          query={useRewardDelay(id)}
          what="delays"
          isEmpty={(data) => data.outcomes === 0 && data.pending === 0}
          empty={<StateMessage icon="clock" title="No outcome in 14 days" />}
        >
          {(data) => <Delay id={id} data={data} />}
        </QueryBoundary>
      </Panel>
    </div>
  );
}

function Gain({ id, data }: { id: string; data: PolicyGain }): ReactElement {
  const last = data.points.at(-1);
  return (
    <>
      <Stats>
        <Stat
          label="Mean reward"
          value={decimal(data.meanReward, 4)}
          note={`${count(data.rewards)} rewards`}
        />
        <Stat label="Uniform choices" value={decimal(data.uniform, 4)} note="estimated" />
        <Stat
          label="Best single action"
          value={data.best === null ? '—' : decimal(data.best.mean, 4)}
          note={
            data.best === null ? 'fewer than 20 rewards each' : `${data.best.id}, in hindsight, estimated`
          }
        />
      </Stats>
      <ChartFrame
        title={`Gain of ${id}`}
        summary={
          last === undefined
            ? 'No reward.'
            : `${decimal(last.gain, 1)} more reward than uniform choices, interval ${decimal(last.lower, 1)} to ${decimal(last.upper, 1)}.`
        }
        headings={{
          at: 'Until',
          rewards: 'Rewards',
          meanReward: 'Mean',
          gain: 'Gain',
          lower: 'Lower',
          upper: 'Upper',
        }}
        rows={data.points.map((point) => ({ id: point.at, cells: { ...point } }))}
        format={(key, value) => {
          if (key === 'at') return dateTime(String(value));
          if (typeof value !== 'number') return '—';
          return key === 'rewards' ? count(value) : decimal(value, key === 'meanReward' ? 4 : 1);
        }}
      >
        <BandChart
          series={[{ key: 'gain', title: 'Gain', look: 1 }]}
          points={data.points.map(({ at, gain, lower, upper }) => ({
            x: at,
            values: { gain: { value: gain, lower, upper } },
          }))}
          formatX={(x) => dateTime(x)}
          formatY={(y) => decimal(y, 1)}
          labelX="Time of the decisions"
          zero
          whole
          height={240}
        />
      </ChartFrame>
    </>
  );
}

function Ledger({ id, data }: { id: string; data: ExplorationLedger }): ReactElement {
  const most = Math.max(data.budgetPerDay ?? 0, ...data.days.map(({ cost }) => cost));
  return (
    <>
      <Stats>
        <Stat label="Cost of exploring" value={decimal(data.cost, 1)} note="reward, 14 days, estimated" />
        <Stat
          label="Explored"
          value={percent(data.decisions === 0 ? null : data.explored / data.decisions)}
          note={`${count(data.explored)} of ${count(data.decisions)} decisions`}
        />
        <Stat
          label="Budget"
          value={data.budgetPerDay === null ? 'none' : decimal(data.budgetPerDay, 1)}
          note={data.budgetPerDay === null ? 'wear “Exploration budget” to set one' : 'reward a day'}
        />
      </Stats>
      <ChartFrame
        title={`Exploration ledger of ${id}`}
        summary={`${decimal(data.cost, 1)} reward spent on ${count(data.explored)} explored decisions in ${data.days.length} days.`}
        headings={{ day: 'Day', decisions: 'Decisions', explored: 'Explored', cost: 'Cost' }}
        rows={data.days.map((day) => ({ id: day.day, cells: { ...day } }))}
        format={(key, value) => {
          if (typeof value !== 'number') return String(value);
          return key === 'cost' ? decimal(value, 2) : count(value);
        }}
      >
        <Histogram
          shares={data.days.map(({ cost }) => cost)}
          hasTail={false}
          most={most}
          color={seriesLook(1).color}
          className={styles.bars}
          id={`ledger-${id}`}
        />
        <div className={styles.ridgeAxis} aria-hidden="true">
          <span>{data.days[0]?.day}</span>
          <span>cost per day, at most {decimal(most, 1)}</span>
          <span>{data.days.at(-1)?.day}</span>
        </div>
      </ChartFrame>
    </>
  );
}

function Propensities({ id, data }: { id: string; data: PolicyPropensities }): ReactElement {
  const shares = data.counts.map((n) => n / data.decisions);
  return (
    <>
      <Stats>
        <Stat label="Least" value={probability(data.least)} note={floorText(data)} />
        <Stat
          label="Effective sample size"
          value={count(data.effectiveSampleSize)}
          note={`of ${count(data.decisions)} decisions, for uniform choices`}
        />
        <Stat label="Largest weight" value={decimal(data.largestWeight, 1)} note={meanWeightText(data)} />
      </Stats>
      <ChartFrame
        title={`Propensities of ${id}`}
        summary={`${count(data.decisions)} decisions; the least probable had ${probability(data.least)}.`}
        headings={{ from: 'From', to: 'To', decisions: 'Decisions', share: 'Share' }}
        rows={data.counts.map((n, bin) => ({
          id: String(bin),
          cells: {
            from: data.edges[bin] ?? 0,
            to: data.edges[bin + 1] ?? 1,
            decisions: n,
            share: shares[bin] ?? 0,
          },
        }))}
        format={(key, value) => {
          if (typeof value !== 'number') return '—';
          if (key === 'decisions') return count(value);
          return key === 'share' ? percent(value) : value.toPrecision(2);
        }}
      >
        <Histogram
          shares={shares}
          hasTail={false}
          most={Math.max(...shares)}
          color={seriesLook(1).color}
          className={styles.bars}
          id={`propensities-${id}`}
          mark={floorMark(data)}
        />
        <div className={styles.ridgeAxis} aria-hidden="true">
          <span>one in a million</span>
          <span>one in a thousand{data.floor > 0 ? `; dashed: the floor of ${data.floor}` : ''}</span>
          <span>certain</span>
        </div>
      </ChartFrame>
    </>
  );
}

/** Where the floor stands on the logarithmic axis of the histogram, in bins. */
function floorMark({ counts, edges, floor }: PolicyPropensities): number | null {
  const least = edges[0] ?? 1;
  if (floor <= least) return null;
  return counts.length * (1 - Math.log(floor) / Math.log(least));
}

function floorText({ belowFloor, floor }: PolicyPropensities): string {
  if (floor === 0) return 'no floor';
  return belowFloor === 0
    ? `none below the floor of ${floor}`
    : `${count(belowFloor)} below the floor of ${floor}`;
}

const meanWeightText = ({ meanWeight }: PolicyPropensities): string =>
  `mean weight ${decimal(meanWeight, 2)}; near 1 where propensities are right`;

function Delay({ id, data }: { id: string; data: RewardDelay }): ReactElement {
  return (
    <>
      <Stats>
        <Stat label="Half within" value={duration(data.median)} note={`95% within ${duration(data.p95)}`} />
        <Stat
          label="Open windows"
          value={count(data.pending)}
          note={`${count(data.settled)} settled in 14 days`}
        />
        <Stat
          label="After the window"
          value={percent(data.afterWindow)}
          note={
            data.windowSeconds === 0
              ? 'the first outcome settles it'
              : `window of ${duration(data.windowSeconds)}`
          }
        />
      </Stats>
      <ChartFrame
        title={`Reward delay of ${id}`}
        summary={`${count(data.outcomes)} first outcomes; half came within ${duration(data.median)}.`}
        headings={{ seconds: 'Within', share: 'Share of first outcomes' }}
        rows={data.points.map(({ seconds, share }) => ({ id: String(seconds), cells: { seconds, share } }))}
        format={(key, value) => {
          if (typeof value !== 'number') return '—';
          return key === 'seconds' ? duration(value) : percent(value);
        }}
      >
        <BandChart
          series={[{ key: 'share', title: 'Arrived', look: 1 }]}
          points={data.points.map(({ seconds, share }) => ({
            x: String(seconds),
            values: { share: { value: share, lower: null, upper: null } },
          }))}
          formatX={(x) => duration(Number(x))}
          formatY={(y) => percent(y, 0)}
          labelX="Time since the decision"
          zero
          whole
          height={220}
        />
      </ChartFrame>
    </>
  );
}
