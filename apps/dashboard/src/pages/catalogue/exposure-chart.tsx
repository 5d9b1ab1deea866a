import type { ReactElement } from 'react';
import type { CoveragePage } from '../../api/item-coverage.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, percent } from '../../format/index.js';
import styles from './catalogue.module.css';

const MOST = 20;
const HEADINGS = {
  title: 'Item',
  id: 'Id',
  exposures: 'Exposures',
  share: 'Share',
  outcomes: 'Outcomes',
  units: 'Units',
  features: 'Features',
  cold: 'Cold',
};

function text(key: string, value: string | number | null): string {
  if (typeof value !== 'number') return value ?? '—';
  return key === 'share' ? percent(value) : count(value);
}

/** The most seen of the listed items as bars; the table and the file hold all that are listed. */
export function ExposureChart({ page }: { page: CoveragePage }): ReactElement {
  const shown = [...page.items].sort((a, b) => b.exposures - a.exposures).slice(0, MOST);
  const most = Math.max(1, ...shown.map(({ exposures }) => exposures));
  const [first] = shown;
  return (
    <ChartFrame
      title={`Exposure of ${page.kind ?? 'items'}`}
      summary={
        first === undefined
          ? 'Nothing was seen.'
          : `${first.title} was seen most: ${count(first.exposures)} times${first.exposureShare === null ? '' : `, ${percent(first.exposureShare)} of all exposures`}.`
      }
      headings={HEADINGS}
      rows={page.items.map((item) => ({
        id: item.id,
        cells: {
          title: item.title,
          id: item.id,
          exposures: item.exposures,
          share: item.exposureShare,
          outcomes: item.outcomes,
          units: item.units,
          features: item.features,
          cold: item.cold ? 'cold' : '',
        },
      }))}
      format={text}
    >
      <ol className={styles.bars}>
        {shown.map(({ id, title, exposures, exposureShare }) => (
          <li key={id} className={styles.bar}>
            <span className={styles.name}>{title}</span>
            <svg className={styles.track} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(100 * exposures) / most} height="10" fill="var(--mq-s1)" />
            </svg>
            <span className="mq-figures">
              {exposureShare === null ? count(exposures) : percent(exposureShare)}
            </span>
          </li>
        ))}
      </ol>
    </ChartFrame>
  );
}
