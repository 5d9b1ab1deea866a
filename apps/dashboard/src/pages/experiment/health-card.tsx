import type { ReactElement } from 'react';
import { useId } from 'react';
import type { HealthResult } from '../../api/types.js';
import { count, date, significant } from '../../format/index.js';
import { Facts } from '../../ui/details.js';
import { HealthMark, Pill } from '../../ui/status.js';
import { isFiring } from './health-order.js';
import styles from './health.module.css';
import { Mute } from './mute.js';
import { Steps } from './steps.js';

const EFFECT = {
  blocks: 'Blocks it until it is fixed',
  early: 'Nothing but harm is decided before the minimum',
  informs: 'Informs only',
} as const;

function effectOf({ blocks, warning }: HealthResult): string {
  if (blocks) return EFFECT.blocks;
  return warning === 'EARLY' || warning === 'PEEK' ? EFFECT.early : EFFECT.informs;
}

/** One check: what it found, by which rule, and if it fires why that may be and what to do. */
export function HealthCard({
  experimentKey,
  check,
}: {
  experimentKey: string;
  check: HealthResult;
}): ReactElement {
  const id = useId();
  return (
    <article
      id={check.key}
      className={`${styles.card} ${isFiring(check) && check.muted === null ? styles.firing : ''}`}
      aria-labelledby={id}
    >
      <header className={styles.head}>
        <h3 id={id} className={styles.title}>
          {check.title}
        </h3>
        <span className={styles.marks}>
          {check.warning === null ? null : <Pill label={check.warning} />}
          <HealthMark status={check.status} />
        </span>
      </header>
      <p className={styles.explanation}>{check.explanation}</p>
      <Facts
        facts={[
          { label: 'Rule', value: check.rule },
          { label: 'Value', value: significant(check.value) },
          { label: 'Threshold', value: significant(check.threshold) },
          { label: 'Units affected', value: count(check.unitsAffected) },
          ...(check.firstSeen === null ? [] : [{ label: 'First seen', value: date(check.firstSeen) }]),
          ...(isFiring(check) ? [{ label: 'Effect on the verdict', value: effectOf(check) }] : []),
        ]}
      />
      <Rows check={check} />
      <Steps title="Likely causes, most likely first" steps={check.likelyCauses} />
      <Steps title="What to do" steps={check.nextSteps} />
      {isFiring(check) || check.muted !== null ? <Mute experimentKey={experimentKey} check={check} /> : null}
    </article>
  );
}

function Rows({ check }: { check: HealthResult }): ReactElement | null {
  if (check.rows.length === 0) return null;
  return (
    <table className={styles.rows}>
      <caption className={styles.caption}>What it looked at, the most telling first</caption>
      <tbody>
        {check.rows.map((row) => (
          <tr key={`${row.label}/${row.text}`}>
            <th scope="row">{/^\d{4}-\d\d-\d\dT/.test(row.label) ? date(row.label) : row.label}</th>
            <td>{row.text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
