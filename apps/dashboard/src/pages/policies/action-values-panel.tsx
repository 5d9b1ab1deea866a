import type { ReactElement } from 'react';
import { usePolicyActionValues } from '../../api/queries.js';
import type { ActionEstimate, ActionValue, ActionValues } from '../../api/types-operations.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { IntervalTrack } from '../../charts/interval-track.js';
import { count, dateTime, decimal, percent, plural, probability, range } from '../../format/index.js';
import type { Direction } from '../../format/index.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import styles from './action-values-panel.module.css';

const HEADINGS = {
  action: 'Action',
  value: 'Value',
  lower: 'Value lower',
  upper: 'Value upper',
  difference: 'Difference',
  differenceLower: 'Difference lower',
  differenceUpper: 'Difference upper',
  served: 'Served',
  share: 'Share of traffic',
  candidate: 'Could be served',
  least: 'Least propensity',
  naive: 'Plain mean (biased)',
};

const SHARES = new Set(['share', 'least']);
const COUNTS = new Set(['served', 'candidate']);

const WHY: Record<NonNullable<ActionValue['reason']>, string> = {
  few_servings: 'Served fewer than 30 times',
  never_possible: 'Its probability was always 0',
};

const figure = (value: number | null): string => decimal(value, 3);

/** What always serving each action would earn, from the policy's own log, whatever it favoured. */
export function ActionValuesPanel({ id }: { id: string }): ReactElement {
  const [subject] = useUrlState('subject');
  const query = usePolicyActionValues(id, subject || null);
  return (
    <Panel
      title="What each action is worth"
      note={query.data === undefined ? null : <Note of={query.data} />}
    >
      <QueryBoundary
        query={query}
        what="action values"
        isEmpty={(values) => values.items.length === 0}
        empty={<StateMessage icon="policies" title="No reward to judge actions by" />}
      >
        {(values) => <Forest id={id} values={values} />}
      </QueryBoundary>
    </Panel>
  );
}

function Note({ of }: { of: ActionValues }): ReactElement {
  return (
    <>
      Mean reward if the action were always served (adaptively weighted AIPW, {percent(1 - of.alpha, 0)}{' '}
      intervals for one action each), over {plural(of.decisions, 'rewarded decision')} that kept the
      probability of every candidate. {leftOutText(of)}
      {of.sample
        ? `A sample: the newest of ${count(of.rewarded)} rewarded decisions, ${dateTime(of.from)} to ${dateTime(of.to)}. `
        : ''}
      {of.referenceIs === 'highest-value'
        ? 'Compared with the action of the highest value; the highest of many is flattered.'
        : ''}
    </>
  );
}

function leftOutText({ leftOut, otherRewards = 0 }: ActionValues): string {
  const out = (n: number, what: string): string =>
    n === 0 ? '' : `${plural(n, 'decision')} ${what} ${n === 1 ? 'is' : 'are'} left out. `;
  return out(leftOut, 'without stored probabilities') + out(otherRewards, 'whose reward is of another kind');
}

function Forest({ id, values }: { id: string; values: ActionValues }): ReactElement {
  const { items, reference } = values;
  const most = Math.max(1e-9, ...items.map(({ value }) => value.upper ?? value.estimate ?? 0));
  const domain = robustDomain(
    items.flatMap(({ difference }) => [difference?.estimate, difference?.lower, difference?.upper]),
    1e-6,
  );
  const referenceTitle = items.find((item) => item.id === reference)?.title ?? reference;
  return (
    <ChartFrame
      title={`Action values ${id}`}
      summary={summaryOf(values, referenceTitle)}
      headings={HEADINGS}
      rows={items.map(twin)}
      format={text}
    >
      <div className={styles.scroll} tabIndex={0} role="region" aria-label="Actions by value">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Action</th>
              <th scope="col">Value</th>
              <th scope="col">{reference === null ? 'Difference' : `Less ${referenceTitle ?? ''}`}</th>
              <th scope="col">Traffic</th>
              <th scope="col">Plain mean (biased)</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <Row key={item.id} item={item} most={most} domain={domain} reference={reference} />
            ))}
          </tbody>
        </table>
      </div>
    </ChartFrame>
  );
}

interface RowProps {
  item: ActionValue;
  most: number;
  domain: number;
  reference: string | null;
}

function Row({ item, most, domain, reference }: RowProps): ReactElement {
  const { value } = item;
  return (
    <tr>
      <th scope="row">
        {item.title || item.id}
        <span className={styles.note}>{item.id}</span>
      </th>
      <td>
        {value.estimate === null ? (
          <Missing reason={item.reason === null ? 'No reward has settled' : WHY[item.reason]} />
        ) : (
          <div className={styles.bar}>
            <IntervalTrack estimate={value.estimate} lower={value.lower} upper={value.upper} most={most} />
            <Figures of={value} />
          </div>
        )}
      </td>
      <td>{item.id === reference ? 'reference' : <Difference of={item.difference} domain={domain} />}</td>
      <td>
        {percent(item.share)}
        <span className={styles.note}>
          {count(item.served)} of {count(item.candidate)}, least {probability(item.leastPropensity)}
        </span>
      </td>
      <td>
        {figure(item.naiveMean)}
        <span className={styles.note}>n {count(item.served)}</span>
      </td>
    </tr>
  );
}

function Figures({ of }: { of: ActionEstimate }): ReactElement {
  return (
    <span>
      <strong>{figure(of.estimate)}</strong>
      <span className={styles.note}>{range(of, figure)}</span>
    </span>
  );
}

function directionOf({ lower, upper }: ActionEstimate): Direction {
  if (lower !== null && lower > 0) return 'better';
  return upper !== null && upper < 0 ? 'worse' : 'unclear';
}

function Difference({ of, domain }: { of: ActionEstimate | null; domain: number }): ReactElement {
  if (of === null || of.estimate === null)
    return <Missing reason="No value, or never a candidate together with the reference" />;
  return (
    <div className={styles.bar}>
      <IntervalBar
        estimate={of.estimate}
        lower={of.lower}
        upper={of.upper}
        domain={domain}
        direction={directionOf(of)}
      />
      <Figures of={of} />
    </div>
  );
}

function twin(item: ActionValue): TwinRow {
  const { value, difference } = item;
  return {
    id: item.id,
    cells: {
      action: item.id,
      value: value.estimate,
      lower: value.lower,
      upper: value.upper,
      difference: difference?.estimate ?? null,
      differenceLower: difference?.lower ?? null,
      differenceUpper: difference?.upper ?? null,
      served: item.served,
      share: item.share,
      candidate: item.candidate,
      least: item.leastPropensity,
      naive: item.naiveMean,
    },
  };
}

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  if (COUNTS.has(key)) return count(value);
  return SHARES.has(key) ? probability(value) : figure(value);
}

function summaryOf({ items }: ActionValues, reference: string | null): string {
  if (reference === null) return 'No action was served often enough to say what it is worth.';
  const worse = items.filter(({ difference }) => difference !== null && directionOf(difference) === 'worse');
  return `Of ${plural(items.length, 'action')} ${count(worse.length)} are clearly worth less than ${reference}.`;
}
