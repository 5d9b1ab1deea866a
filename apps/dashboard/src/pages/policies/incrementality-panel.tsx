import type { ReactElement } from 'react';
import { useIncrementality } from '../../api/policy-insights.js';
import type { Incrementality, ShowingLift } from '../../api/policy-insights.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { IntervalBar, robustDomain } from '../../charts/interval-bar.js';
import { count, decimal, percent, plural, probability, range } from '../../format/index.js';
import type { Direction } from '../../format/index.js';
import { Stat, Stats } from '../../ui/details.js';
import { Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import { useUrlState } from '../../ui/url-state.js';
import { IncrementalitySlots, WHY } from './incrementality-slots.js';
import styles from './action-values-panel.module.css';

const HEADINGS = {
  action: 'Action',
  subject: 'Subject',
  shown: 'Decisions shown',
  withheld: 'Decisions withheld',
  shownMean: 'Mean outcome shown',
  withheldMean: 'Mean outcome withheld',
  lift: 'Lift of showing',
  lower: 'Lift lower',
  upper: 'Lift upper',
  baseline: 'Baseline',
  baselineError: 'Baseline standard error',
};
const COUNTS = new Set(['shown', 'withheld']);

const figure = (value: number | null): string => decimal(value, 3);

/** What showing each action brings, measured against the decisions that were withheld by lot. */
export function IncrementalityPanel({ id }: { id: string }): ReactElement {
  const [subject] = useUrlState('subject');
  const query = useIncrementality(id, subject || null);
  return (
    <Panel title="Lift of showing" note={query.data === undefined ? null : noteOf(query.data)}>
      <QueryBoundary
        query={query}
        what="lift of showing"
        isEmpty={(data) => data.items.length === 0}
        empty={<Empty data={query.data} />}
      >
        {(data) => <Lift id={id} data={data} />}
      </QueryBoundary>
    </Panel>
  );
}

function Empty({ data }: { data: Incrementality | undefined }): ReactElement {
  if (data?.withhold)
    return (
      <StateMessage
        icon="clock"
        title="No decision that was shown or withheld by lot has settled in 30 days"
      />
    );
  return (
    <StateMessage icon="policies" title="This policy withholds nothing">
      Set <code>withhold</code> to keep back a few percent of its choices by lot. The difference in outcomes
      is what showing brings.
    </StateMessage>
  );
}

function noteOf({ alpha, incremental, withhold }: Incrementality): string {
  const share =
    withhold === null
      ? 'Nothing is withheld now.'
      : `${percent(withhold.share)} of choices are withheld by lot.`;
  const learns = incremental
    ? 'The policy learns this lift.'
    : 'The policy learns the outcome itself, whether showing caused it or not.';
  return `Outcomes of what was shown minus outcomes of what was chosen and withheld, over 30 days, with ${percent(1 - alpha, 0)} intervals for one action and one look each. ${share} ${learns}`;
}

function Lift({ id, data }: { id: string; data: Incrementality }): ReactElement {
  const { balance, items, total } = data;
  const domain = robustDomain(
    items.flatMap(({ lift, lower, upper }) => [lift, lower, upper]),
    1e-6,
  );
  return (
    <>
      <Stats>
        <Stat
          label="Lift of showing, all actions"
          value={figure(total.lift)}
          note={total.lift === null ? 'not known yet' : range(total, figure)}
        />
        <Stat
          label="Shown / withheld"
          value={`${figure(total.shownMean)} / ${figure(total.withheldMean)}`}
          note="mean outcome"
        />
        <Stat
          label="Withheld"
          value={percent(balance.observed)}
          note={`${balance.mismatch ? 'Mismatch: ' : ''}${percent(balance.expected)} expected, p ${probability(balance.pValue)}`}
        />
      </Stats>
      {balance.mismatch ? (
        <StateMessage icon="warning" title="The two groups were not seen alike">
          Withheld decisions count as seen by their exposures alone. Send the exposure of the place for every
          decision, also where nothing is shown. Until then the lift may be wrong.
        </StateMessage>
      ) : null}
      <ChartFrame
        title={`Lift of showing ${id}`}
        summary={summaryOf(data)}
        headings={HEADINGS}
        rows={items.map(twin)}
        format={text}
      >
        <div className={styles.scroll} tabIndex={0} role="region" aria-label="Actions by lift of showing">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Action</th>
                <th scope="col">Shown</th>
                <th scope="col">Withheld</th>
                <th scope="col">Lift of showing</th>
              </tr>
            </thead>
            <tbody>
              {items.map((item) => (
                <Row key={`${item.subject ?? ''} ${item.id}`} item={item} domain={domain} />
              ))}
            </tbody>
          </table>
        </div>
      </ChartFrame>
      <IncrementalitySlots data={data} />
    </>
  );
}

function directionOf({ lower, upper }: ShowingLift): Direction {
  if (lower !== null && lower > 0) return 'better';
  return upper !== null && upper < 0 ? 'worse' : 'unclear';
}

function Row({ item, domain }: { item: ShowingLift; domain: number }): ReactElement {
  const { lift, lower, upper } = item;
  return (
    <tr>
      <th scope="row">
        {item.title || item.id}
        <span className={styles.note}>
          {item.subject === null ? item.id : `${item.id} of ${item.subject}`}
        </span>
      </th>
      <td>
        {figure(item.shownMean)}
        <span className={styles.note}>n {count(item.shown)}</span>
      </td>
      <td>
        {figure(item.withheldMean)}
        <span className={styles.note}>n {count(item.withheld)}</span>
      </td>
      <td>
        {lift === null ? (
          <Missing reason={item.reason === null ? 'Not known' : WHY[item.reason]} />
        ) : (
          <div className={styles.bar}>
            <IntervalBar
              estimate={lift}
              lower={lower}
              upper={upper}
              domain={domain}
              direction={directionOf(item)}
            />
            <span>
              <strong>{figure(lift)}</strong>
              <span className={styles.note}>{range(item, figure)}</span>
            </span>
          </div>
        )}
      </td>
    </tr>
  );
}

const twin = ({ id, subject, ...item }: ShowingLift): TwinRow => ({
  id: `${subject ?? ''} ${id}`,
  cells: {
    action: id,
    subject,
    shown: item.shown,
    withheld: item.withheld,
    shownMean: item.shownMean,
    withheldMean: item.withheldMean,
    lift: item.lift,
    lower: item.lower,
    upper: item.upper,
    baseline: item.baseline,
    baselineError: item.baselineError,
  },
});

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return COUNTS.has(key) ? count(value) : figure(value);
}

function summaryOf({ actions, items }: Incrementality): string {
  const better = items.filter((item) => directionOf(item) === 'better').length;
  return `Of ${plural(actions, 'action')}, ${count(better)} clearly bring more when shown than when withheld.`;
}
