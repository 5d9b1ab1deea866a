import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { ApiError, segment } from '../../api/http.js';
import { useNextSession } from '../../api/members.js';
import type { NextSession } from '../../api/members.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, dateTime, decimal, percent } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Stat, Stats, When } from '../../ui/details.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './next-visit.module.css';

const HOUR_MS = 3_600_000;
const SHOWN_HOURS = 48;
type Forecast = NonNullable<NextSession['forecast']>;

const iso = (at: number | null | undefined): string | null =>
  at === null || at === undefined ? null : new Date(at).toISOString();

/** When the member comes back and to what, by the policy that foresees visits. */
export function NextVisit({ id }: { id: string }): ReactElement {
  const query = useNextSession(id);
  const isMissing = query.error instanceof ApiError && query.error.status === 404;
  return (
    <Panel
      title="Next visit"
      note={
        query.data === undefined
          ? 'When the member comes back, and with which title.'
          : `By ${query.data.policy.title}, snapshot ${query.data.policy.version}.`
      }
      flush={isMissing}
    >
      {isMissing ? (
        <StateMessage icon="info" title="No policy foresees visits">
          Train a policy of the kind <code>anticipatory</code> to see when members come back.
        </StateMessage>
      ) : (
        <QueryBoundary query={query} what="next visit">
          {(data) =>
            data.forecast === null ? (
              <StateMessage icon="info" title="Nothing is foreseen for this member" />
            ) : (
              <Foreseen id={id} data={data} forecast={data.forecast} />
            )
          }
        </QueryBoundary>
      )}
    </Panel>
  );
}

interface ForeseenProps {
  id: string;
  data: NextSession;
  forecast: Forecast;
}

function Foreseen({ id, data, forecast }: ForeseenProps): ReactElement {
  const within = (hours: number): string =>
    percent(forecast.within.find((one) => one.hours === hours)?.probability, 0);
  const at = (probability: number): number | null =>
    forecast.quantiles.find((one) => one.probability === probability)?.at ?? null;
  const [early, middle, late] = [at(0.25), at(0.5), at(0.75)];
  return (
    <>
      <Stats>
        <Stat label="Back within 24 hours" value={within(24)} note={`${within(168)} within a week`} />
        <Stat
          label="As likely sooner as later than"
          value={middle === null ? `beyond ${forecast.horizonHours / 24} days` : dateTime(iso(middle))}
          note={`${early === null ? 'later' : dateTime(iso(early))} to ${late === null ? 'later or never' : dateTime(iso(late))}, the middle half`}
        />
        <Stat
          label="Last visit"
          value={<When at={iso(forecast.lastVisitAt)} />}
          note={`${count(forecast.visits)} visits are known`}
        />
      </Stats>
      <Hours id={id} data={data} forecast={forecast} />
      {data.prefetch.length === 0 ? (
        <StateMessage title="There is no title to load ahead" />
      ) : (
        <DataTable
          caption="Titles to load ahead"
          columns={PREFETCH}
          rows={data.prefetch}
          rowKey={(item) => item.id}
          dense
        />
      )}
    </>
  );
}

const PREFETCH: Column<NextSession['prefetch'][number]>[] = [
  {
    key: 'title',
    title: 'Title to load ahead',
    cell: ({ id, title }) => (
      <Link className="mq-link" to={`/catalogue/${segment(id)}`}>
        {title}
      </Link>
    ),
  },
  {
    key: 'probability',
    title: 'Begins the visit',
    align: 'right',
    cell: ({ probability }) => percent(probability),
  },
  {
    key: 'size',
    title: 'Size',
    align: 'right',
    cell: ({ size }) => (size === null ? 'not known' : decimal(size, 0)),
  },
];

function Hours({ id, data, forecast }: ForeseenProps): ReactElement {
  const hours = forecast.hourly.slice(0, SHOWN_HOURS);
  const most = Math.max(...hours, 1e-9);
  const best = hours.indexOf(most);
  const start = Date.parse(data.at);
  const nameOf = (hour: number): string => dateTime(iso(start + hour * HOUR_MS));
  return (
    <ChartFrame
      title={`Next visit of ${id} by hour`}
      summary={`Most likely in the hour from ${nameOf(Math.max(0, best))}: ${percent(most)}.`}
      headings={{ from: 'Hour from', probability: 'Next visit in this hour' }}
      rows={hours.map((probability, hour) => ({
        id: String(hour),
        cells: { from: nameOf(hour), probability },
      }))}
      format={(_key, value) => (typeof value === 'number' ? percent(value, 2) : (value ?? '—'))}
    >
      <svg
        className={styles.hours}
        viewBox={`0 0 ${SHOWN_HOURS} 20`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {hours.map((probability, hour) => (
          <rect
            key={hour}
            x={hour + 0.1}
            width={0.8}
            y={20 - (20 * probability) / most}
            height={(20 * probability) / most}
            fill="var(--mq-s1)"
          />
        ))}
      </svg>
      <div className={styles.ends}>
        <span>now</span>
        <span>in {SHOWN_HOURS} hours</span>
      </div>
    </ChartFrame>
  );
}
