import type { ReactElement } from 'react';
import { Link } from 'react-router';
import type { Booking, Calendar, Clash } from '../../api/lifecycle.js';
import { date, humanise } from '../../format/index.js';
import { REASON, clashesWith, layersOf } from './calendar-view.js';
import styles from './calendar.module.css';

interface TimelineProps {
  span: Pick<Calendar, 'from' | 'to'>;
  groups: readonly (readonly [string, readonly Booking[]])[];
  clashes: readonly Clash[];
}

/** Bars on one axis of time; where two are in each other's way, the bar is hatched and the reason stands beside it. */
export function Timeline({ span, groups, clashes }: TimelineProps): ReactElement {
  const begin = Date.parse(span.from);
  const length = Date.parse(span.to) - begin;
  const place = (at: string | number): number =>
    Math.min(100, Math.max(0, (((typeof at === 'number' ? at : Date.parse(at)) - begin) / length) * 100));
  return (
    <>
      <div className={styles.line} aria-hidden="true">
        <span />
        <div className={styles.axis}>
          {[0, 0.25, 0.5, 0.75, 1].map((share) => (
            <span key={share}>
              {share === 0.5 ? 'today' : date(new Date(begin + share * length).toISOString())}
            </span>
          ))}
        </div>
      </div>
      {groups.map(([name, items]) => (
        <section key={name} className={styles.surface}>
          <h3 className={styles.name}>{name}</h3>
          {items.map((item) => (
            <Line key={item.key} item={item} clashes={clashes} place={place} />
          ))}
        </section>
      ))}
    </>
  );
}

interface LineProps {
  item: Booking;
  clashes: readonly Clash[];
  place: (at: string | number) => number;
}

function Line({ item, clashes, place }: LineProps): ReactElement {
  const own = clashesWith(item.key, clashes);
  const reasons = [...new Set(own.map(({ clash }) => clash.reason))];
  return (
    <div className={styles.line}>
      <span className={styles.label}>
        <Link className="mq-link" to={`/experiments/${item.key}`}>
          {item.title}
        </Link>
        <span className={styles.note}>
          {humanise(item.status)}, {layersOf(item)}
        </span>
        {reasons.map((reason) => (
          <span key={reason} className={styles.note}>
            ▲ {REASON[reason]}:{' '}
            {own
              .filter(({ clash }) => clash.reason === reason)
              .map(({ other }) => other)
              .join(', ')}
          </span>
        ))}
      </span>
      <svg className={styles.track} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <Bar from={place(item.from)} to={place(item.to)} guess={item.endIsGuess} />
        {own.map(({ other, clash }) => (
          <Hatch key={`${other} ${clash.reason}`} from={place(clash.from)} to={place(clash.to)} />
        ))}
        <line x1={place(Date.now())} x2={place(Date.now())} y1={0} y2={10} className={styles.now} />
      </svg>
    </div>
  );
}

/** An end that nobody has planned is an open one. */
function Bar({ from, to, guess }: { from: number; to: number; guess: boolean }): ReactElement {
  const width = Math.max(0.6, to - from);
  return (
    <>
      <rect x={from} width={width} y={2} height={6} className={styles.bar} />
      {guess ? <line x1={from + width} x2={from + width} y1={1} y2={9} className={styles.open} /> : null}
    </>
  );
}

/** Distance of the strokes, in hundredths of the axis. */
const STROKE = 0.7;

function Hatch({ from, to }: { from: number; to: number }): ReactElement {
  const width = Math.max(0.6, to - from);
  const strokes = Array.from({ length: Math.ceil(width / STROKE) }, (_, i) => from + i * STROKE);
  return (
    <>
      <rect x={from} width={width} y={2} height={6} className={styles.clashing} />
      {strokes.map((x) => (
        <line
          key={x}
          x1={x}
          x2={Math.min(from + width, x + STROKE)}
          y1={8}
          y2={2}
          className={styles.stroke}
        />
      ))}
    </>
  );
}
