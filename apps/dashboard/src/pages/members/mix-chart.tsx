import type { ReactElement } from 'react';
import type { MemberProfile } from '../../api/members.js';
import { ChartFrame } from '../../charts/chart-frame.js';
import { count, percent } from '../../format/index.js';
import styles from '../catalogue/catalogue.module.css';

const MOST = 12;
const HEADINGS = { value: 'Value', share: 'Share', items: 'Items' };

interface MixChartProps {
  mix: MemberProfile['mix'];
  feature: string;
}

/** What a history is made of, as bars with a table twin. */
export function MixChart({ mix, feature }: MixChartProps): ReactElement {
  const [first] = mix;
  return (
    <ChartFrame
      title={`Mix of ${feature}`}
      summary={first === undefined ? 'Nothing.' : `Most of it is ${first.value}: ${percent(first.share, 0)}.`}
      headings={HEADINGS}
      rows={mix.map(({ value, share, items }) => ({ id: value, cells: { value, share, items } }))}
      format={(key, value) =>
        typeof value === 'number' ? (key === 'share' ? percent(value) : count(value)) : (value ?? '—')
      }
    >
      <ol className={styles.bars}>
        {mix.slice(0, MOST).map(({ value, share }) => (
          <li key={value} className={styles.bar}>
            <span className={styles.name}>{value}</span>
            <svg className={styles.track} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
              <rect width={100 * share} height="10" fill="var(--mq-s1)" />
            </svg>
            <span className="mq-figures">{percent(share, 0)}</span>
          </li>
        ))}
      </ol>
    </ChartFrame>
  );
}
