import type { ReactElement } from 'react';
import type { DecisionDetail } from '../../api/types.js';
import { decimal, finite, json, plural, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Figure, Missing } from '../../ui/estimate.js';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { Pill } from '../../ui/status.js';
import styles from './decisions.module.css';

type Candidate = DecisionDetail['candidatesDetail'][number];

const COLUMNS: Column<Candidate>[] = [
  {
    key: 'item',
    title: 'Candidate',
    cell: (candidate) => (
      <div className={styles.two}>
        <span>
          {candidate.title || candidate.id}{' '}
          {candidate.chosen ? <Pill tone="good" icon="check" label="Chosen" /> : null}
        </span>
        <span className={styles.note}>{candidate.id}</span>
      </div>
    ),
  },
  {
    key: 'position',
    title: 'Position',
    align: 'right',
    cell: (candidate) =>
      candidate.position === null ? <Missing reason="Not part of the answer" /> : candidate.position + 1,
  },
  {
    key: 'score',
    title: 'Score',
    align: 'right',
    cell: (candidate) => (
      <div className={styles.two}>
        <Figure text={decimal(candidate.score)} reason="This policy has no scores" />
        {candidate.mean === null ? null : (
          <span className={styles.note}>
            believed {decimal(candidate.mean)} ± {decimal(candidate.sd)}
          </span>
        )}
      </div>
    ),
  },
  {
    key: 'own',
    title: 'Policy alone',
    align: 'right',
    cell: (candidate) => (
      <Figure
        text={probability(candidate.own)}
        reason="This policy ranks by scores, or cannot be asked again"
      />
    ),
  },
  {
    key: 'explored',
    title: 'Before the floor',
    align: 'right',
    cell: (candidate) =>
      candidate.eligible === false ? (
        <span className={styles.note}>not eligible: {candidate.limitedBy.join(', ') || 'policy'}</span>
      ) : (
        <Figure text={probability(candidate.explored)} reason="The policy cannot be asked again" />
      ),
  },
  {
    key: 'probability',
    title: 'Probability',
    align: 'right',
    cell: (candidate) => <Chance share={candidate.probability} />,
  },
  { key: 'features', title: 'Features', cell: (candidate) => <Features features={candidate.features} /> },
];

function Chance({ share }: { share: number | null }): ReactElement {
  const value = finite(share);
  if (value === null)
    return <Missing reason="Slates carry a probability per position served, not per candidate" />;
  return (
    <span className={styles.chance}>
      <span className={styles.track} aria-hidden="true">
        <span className={styles.fill} style={{ width: `${value * 100}%` }} />
      </span>
      <span className="mq-figures">{probability(value)}</span>
    </span>
  );
}

function Features({ features }: { features: Candidate['features'] }): ReactElement {
  const entries = Object.entries(features);
  if (entries.length === 0) return <span className="mq-muted">none</span>;
  return (
    <span className={styles.note}>{entries.map(([name, value]) => `${name} ${json(value)}`).join(', ')}</span>
  );
}

function order(candidates: readonly Candidate[]): Candidate[] {
  const place = (candidate: Candidate): number => candidate.position ?? Infinity;
  return [...candidates].sort((a, b) => {
    if (place(a) !== place(b)) return place(a) < place(b) ? -1 : 1;
    return (b.probability ?? 0) - (a.probability ?? 0);
  });
}

export function Candidates({ decision }: { decision: DecisionDetail }): ReactElement {
  const rows = order(decision.candidatesDetail);
  return (
    <Panel
      title="Candidates"
      note={
        rows.length === 0
          ? undefined
          : `${plural(rows.length, 'candidate')}, as they stood at the time of the request.`
      }
      flush
    >
      {rows.length === 0 ? (
        <StateMessage title="Nothing to choose from">
          This surface gives a value; there were no candidates.
        </StateMessage>
      ) : (
        <DataTable
          caption="Candidates"
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => row.id}
          rowClass={(row) => (row.chosen && decision.kind === 'action' ? styles.chosen : undefined)}
        />
      )}
    </Panel>
  );
}
