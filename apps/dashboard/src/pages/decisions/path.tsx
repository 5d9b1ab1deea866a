import type { ReactElement } from 'react';
import type { DecisionDetail, TargetingClause } from '../../api/types.js';
import { humanise, json } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Icon } from '../../ui/icon.js';
import { Pill } from '../../ui/status.js';
import styles from './decisions.module.css';

const CLAUSES: Column<TargetingClause>[] = [
  { key: 'clause', title: 'Clause', cell: (clause) => json(clause.clause) },
  { key: 'actual', title: 'Actual', cell: (clause) => json(clause.actual) },
  {
    key: 'expected',
    title: 'Expected',
    cell: (clause) =>
      Array.isArray(clause.expected)
        ? clause.expected.map((entry) => json(entry)).join(', ')
        : json(clause.expected),
  },
  {
    key: 'passed',
    title: 'Result',
    cell: (clause) => (
      <Pill
        tone={clause.passed ? 'good' : 'bad'}
        icon={clause.passed ? 'check' : 'cross'}
        label={clause.passed ? 'Matches' : 'Does not match'}
      />
    ),
  },
];

/** The steps of the assignment engine, and each targeting clause with what was found. */
export function Path({ decision }: { decision: DecisionDetail }): ReactElement {
  return (
    <>
      <ol className={styles.path}>
        {decision.path.map((step, index) => (
          <li
            key={`${step.step}/${step.experiment ?? ''}/${index}`}
            className={step.passed ? styles.passed : styles.ended}
          >
            <span className={styles.mark}>
              <Icon name={step.passed ? 'check' : 'cross'} size={13} />
            </span>
            <span>
              <span className={styles.step}>{humanise(step.step)}</span>
              {step.experiment === null ? null : <span className="mq-muted"> {step.experiment}</span>}
              <span className={styles.detail}>
                {step.detail}
                {step.bucket === null ? '' : ` · bucket ${step.bucket.toFixed(4)}`}
              </span>
            </span>
          </li>
        ))}
        {decision.path.length === 0 ? <li>No experiment covers this surface.</li> : null}
      </ol>
      {decision.pathNote ? <p className={styles.detail}>{decision.pathNote}</p> : null}
      {decision.targeting.length === 0 ? null : (
        <div className={styles.clauses}>
          <h3>Targeting clauses</h3>
          <DataTable
            caption="Targeting clauses"
            columns={CLAUSES}
            rows={decision.targeting}
            rowKey={(clause) => JSON.stringify([clause.clause, clause.expected])}
            dense
          />
        </div>
      )}
    </>
  );
}
