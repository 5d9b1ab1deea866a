import type { ReactElement } from 'react';
import type { MetricResult } from '../api/types.js';
import { ROLE, count, direction, finite, intervalName, lift, range, whyUndefined } from '../format/index.js';
import { Point, place, spanOf } from './interval-bar.js';
import styles from './forest-row.module.css';

interface ForestRowProps {
  result: MetricResult;
  domain: number;
  muted: boolean;
  /** Named where the report compares several arms. */
  arm: string | null;
}

/** One metric of the forest: name and role, interval on the shared axis, and the figures. */
export function ForestRow({ result, domain, muted, arm }: ForestRowProps): ReactElement {
  const { relative } = result.effect;
  const clear = muted ? 'unclear' : direction(relative, result.betterWhen);
  const why = whyUndefined(relative);
  return (
    <div className={`${styles.row} ${muted ? (styles.muted ?? '') : ''}`} data-direction={clear}>
      <div className={styles.name}>
        <span className={result.role === 'decision' ? styles.lead : undefined}>{result.title}</span>
        <span className={styles.note}>
          {arm === null ? ROLE[result.role] : `${arm} · ${ROLE[result.role]}`}
        </span>
      </div>
      <div className={styles.plot}>
        <Track result={result} domain={domain} clear={clear} />
      </div>
      <div className={styles.figures}>
        {why === null ? (
          <>
            <span>
              <strong>{lift(relative.estimate)}</strong>{' '}
              <span className={styles.range}>{range(relative.interval, lift)}</span>
            </span>
            <span className={styles.note}>
              {intervalName(relative.interval).replace(' interval', '')} · n {count(result.matured)}
            </span>
          </>
        ) : (
          <>
            <span>—</span>
            <span className={styles.note}>{why}</span>
          </>
        )}
      </div>
    </div>
  );
}

interface TrackProps {
  result: MetricResult;
  domain: number;
  clear: 'better' | 'worse' | 'unclear';
}

/** Drawn in percent of its width, so that it stretches with the page; the point keeps its shape. */
function Track({ result, domain, clear }: TrackProps): ReactElement {
  const { estimate, interval } = result.effect.relative;
  const point = finite(estimate);
  const span = spanOf(interval?.lower, interval?.upper, domain);
  return (
    <>
      <span className={styles.zero} />
      {span === null ? null : (
        <>
          <svg className={styles.track} aria-hidden="true">
            <line
              className={styles.bar}
              x1={`${span.from * 100}%`}
              x2={`${span.to * 100}%`}
              y1="50%"
              y2="50%"
            />
          </svg>
          {span.cutLeft ? <span className={styles.cutLeft}>◂</span> : null}
          {span.cutRight ? <span className={styles.cutRight}>▸</span> : null}
        </>
      )}
      {point === null || Math.abs(point) > domain ? null : (
        <svg
          className={styles.point}
          style={{ left: `${place(point, domain) * 100}%` }}
          width="16"
          height="16"
          viewBox="-8 -8 16 16"
          aria-hidden="true"
        >
          <g className={styles.shape}>
            <Point x={0} y={0} direction={clear} />
          </g>
        </svg>
      )}
    </>
  );
}
