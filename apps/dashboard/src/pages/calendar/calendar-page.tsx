import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { ChartFrame } from '../../charts/chart-frame.js';
import { useCalendar } from '../../api/lifecycle.js';
import type { Booking, Calendar } from '../../api/lifecycle.js';
import { date, humanise, plural } from '../../format/index.js';
import { PageHeader } from '../../ui/page-header.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './calendar.module.css';

/** Which experiments run when on which surface, and which of them want the same units. */
export function CalendarPage(): ReactElement {
  const query = useCalendar();
  return (
    <>
      <PageHeader
        title="Calendar"
        meta="Four weeks back and four ahead. Experiments that share a surface, units and time are in each other's way."
      />
      <QueryBoundary
        query={query}
        what="calendar"
        lines={8}
        isEmpty={({ items }) => items.length === 0}
        empty={
          <StateMessage icon="clock" title="Nothing runs in these weeks">
            An experiment appears here once it has started or has a start date.
          </StateMessage>
        }
      >
        {(calendar) => <Surfaces calendar={calendar} />}
      </QueryBoundary>
    </>
  );
}

function Surfaces({ calendar }: { calendar: Calendar }): ReactElement {
  const surfaces = [...new Set(calendar.items.map(({ surface }) => surface))];
  const { clashes, items } = calendar;
  const rows = items.map((item) => ({
    id: item.key,
    cells: {
      surface: item.surface,
      experiment: item.title,
      status: humanise(item.status),
      layers: layersOf(item),
      from: date(item.from),
      to: `${date(item.to)}${item.endIsGuess ? ' or later' : ''}`,
      clashes: clashesOf(item, calendar).join(', ') || 'none',
    },
  }));
  return (
    <Panel title="By surface">
      {clashes.length === 0 ? null : (
        <Alert color="orange" variant="light" title={plural(clashes.length, 'clash', 'clashes')} mb="md">
          <ul className={styles.clashes}>
            {clashes.map(({ experiments, surface, from, to }) => (
              <li key={experiments.join(' ')}>
                {experiments.join(' and ')} want the same units of {surface} from {date(from)} to {date(to)}:
                the older one gets them.
              </li>
            ))}
          </ul>
        </Alert>
      )}
      <ChartFrame
        title="Experiments by surface and time"
        summary={`${plural(items.length, 'experiment')} on ${plural(surfaces.length, 'surface')}, ${plural(clashes.length, 'clash', 'clashes')}.`}
        headings={{
          surface: 'Surface',
          experiment: 'Experiment',
          status: 'Status',
          layers: 'Layers',
          from: 'From',
          to: 'To',
          clashes: 'In the way of',
        }}
        rows={rows}
      >
        {surfaces.map((surface) => (
          <section key={surface} className={styles.surface}>
            <h3 className={styles.name}>{surface}</h3>
            {items
              .filter((item) => item.surface === surface)
              .map((item) => (
                <Line key={item.key} item={item} calendar={calendar} />
              ))}
          </section>
        ))}
      </ChartFrame>
    </Panel>
  );
}

function Line({ item, calendar }: { item: Booking; calendar: Calendar }): ReactElement {
  const begin = Date.parse(calendar.from);
  const length = Date.parse(calendar.to) - begin;
  const place = (at: string): number => Math.min(100, Math.max(0, ((Date.parse(at) - begin) / length) * 100));
  const [from, to] = [place(item.from), place(item.to)];
  const others = clashesOf(item, calendar);
  return (
    <div className={styles.line}>
      <span className={styles.label}>
        <Link to={`/experiments/${item.key}`}>{item.title}</Link>
        <span className={styles.note}>
          {humanise(item.status)}, {layersOf(item)}
          {others.length === 0 ? '' : `; clashes with ${others.join(', ')}`}
        </span>
      </span>
      <svg className={styles.track} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <line
          x1={place(new Date().toISOString())}
          x2={place(new Date().toISOString())}
          y1={0}
          y2={10}
          className={styles.now}
        />
        <rect
          x={from}
          width={Math.max(0.6, to - from)}
          y={2}
          height={6}
          className={others.length > 0 ? styles.clashing : styles.bar}
        />
      </svg>
    </div>
  );
}

const layersOf = ({ layers }: Booking): string =>
  layers
    .map(({ layer, range: [from, to] }) => `${layer} ${from.toFixed(2)} to ${to.toFixed(2)}`)
    .join(' and ');

const clashesOf = ({ key }: Booking, { clashes }: Calendar): string[] =>
  clashes.flatMap(({ experiments }) =>
    experiments.includes(key) ? experiments.filter((other) => other !== key) : [],
  );
