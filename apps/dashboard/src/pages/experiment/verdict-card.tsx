import type { ReactElement } from 'react';
import type { Report } from '../../api/types.js';
import { VERDICT } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import { verdictIcon } from '../../ui/status.js';
import { isBlocked } from './report-choice.js';
import { WarningChips } from './warning-chips.js';
import styles from './verdict-card.module.css';

/** One sentence to act on; each clause with the evidence it stands on. */
export function VerdictCard({ report }: { report: Report }): ReactElement {
  const { verdict } = report;
  const kind = isBlocked(report) ? 'fix-first' : verdict.kind;
  return (
    <section className={`${styles.card} ${styles[kind] ?? ''}`} aria-labelledby="verdict">
      <div className={styles.head}>
        <span className={styles.icon}>
          <Icon name={verdictIcon(kind)} size={20} />
        </span>
        <div>
          <h2 id="verdict" className={styles.title}>
            {VERDICT[kind]}
          </h2>
          <p className={styles.sentence}>{verdict.sentence}</p>
          <WarningChips experimentKey={report.experiment} checks={report.health} />
        </div>
      </div>
      {verdict.clauses.length === 0 ? null : (
        <ul className={styles.clauses}>
          {verdict.clauses.map((clause) => (
            <li key={clause.text} className={clause.holds ? styles.holds : styles.open}>
              <Icon name={clause.holds ? 'check' : 'cross'} size={14} />
              <span>
                <span className={styles.clause}>
                  {clause.text}
                  <span className={styles.state}>{clause.holds ? 'holds' : 'does not hold'}</span>
                </span>
                <span className={styles.evidence}>{clause.evidence}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {report.complete ? null : (
        <p className={styles.missing}>Incomplete report. Missing: {report.missing.join(' ')}</p>
      )}
    </section>
  );
}
