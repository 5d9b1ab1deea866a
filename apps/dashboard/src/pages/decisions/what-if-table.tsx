import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { CounterfactualAnswer, ExaminedCandidate, ExaminedDecision } from '../../api/replays.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { downloadCsv } from '../../charts/csv.js';
import { DASH, decimal, percent, probability } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Figure, Missing } from '../../ui/estimate.js';
import { Icon } from '../../ui/icon.js';
import { Pill } from '../../ui/status.js';
import styles from './decisions.module.css';

interface Row {
  id: string;
  title: string;
  before: ExaminedCandidate | null;
  after: ExaminedCandidate | null;
  difference: number | null;
}

function rowsOf({ before, after }: CounterfactualAnswer): Row[] {
  const then = new Map(after.candidates.map((one) => [one.id, one]));
  const was = new Map(before?.candidates.map((one) => [one.id, one]));
  return [...new Set([...was.keys(), ...then.keys()])].map((id) => {
    const old = was.get(id) ?? null;
    const now = then.get(id) ?? null;
    return {
      id,
      title: now?.title ?? old?.title ?? id,
      before: old,
      after: now,
      difference: old && (now?.probability ?? 0) - old.probability,
    };
  });
}

function place(candidate: ExaminedCandidate | null): string {
  const position = candidate?.position ?? null;
  return position === null ? '' : String(position + 1);
}

function scores({ before, after }: Row): string {
  const now = decimal(after?.score);
  return now === DASH ? DASH : `${decimal(before?.score)} → ${now}`;
}

/** Sign by glyph and text: no meaning by colour alone. */
function signed(difference: number): string {
  const points = Math.abs(difference) * 100;
  if (points < 0.005) return '● 0 pp';
  return `${difference > 0 ? '▲ +' : '▼ −'}${points.toFixed(points < 1 ? 2 : 1)} pp`;
}

const probabilityOf = (candidate: ExaminedCandidate | null): ReactElement => {
  if (candidate === null) return <Missing reason="Not a candidate here" />;
  if (candidate.eligible) return <span className="mq-figures">{probability(candidate.probability)}</span>;
  return <Missing reason={`May not be served: ${candidate.limitedBy.join(', ') || 'the policy says so'}`} />;
};

const COLUMNS: Column<Row>[] = [
  {
    key: 'item',
    title: 'Candidate',
    cell: ({ title, before, after }) => (
      <span className={styles.two}>
        <span>{title}</span>
        <span className={styles.note}>
          {before?.chosen === true ? 'chosen before ' : ''}
          {after?.chosen === true ? 'chosen now' : ''}
        </span>
      </span>
    ),
  },
  {
    key: 'score',
    title: 'Score',
    align: 'right',
    cell: (row) => <Figure text={scores(row)} reason="This policy has no scores" />,
  },
  { key: 'before', title: 'Probability before', align: 'right', cell: ({ before }) => probabilityOf(before) },
  { key: 'after', title: 'Probability now', align: 'right', cell: ({ after }) => probabilityOf(after) },
  {
    key: 'difference',
    title: 'Difference',
    align: 'right',
    cell: ({ difference }) =>
      difference === null ? (
        <Missing reason="There is nothing to compare with" />
      ) : (
        <span className="mq-figures">{signed(difference)}</span>
      ),
  },
  {
    key: 'place',
    title: 'Position',
    align: 'right',
    cell: ({ before, after }) => {
      const [from, to] = [place(before), place(after)];
      return from === to ? to : `${from || 'none'} → ${to || 'none'}`;
    },
  },
];

const HEADINGS = {
  id: 'Candidate',
  scoreBefore: 'Score before',
  scoreNow: 'Score now',
  ownNow: 'Of the policy alone now',
  exploredNow: 'Before the floor now',
  before: 'Probability before',
  now: 'Probability now',
  difference: 'Difference',
  positionBefore: 'Position before',
  positionNow: 'Position now',
};

function cellsOf({ id, before, after, difference }: Row): TwinRow['cells'] {
  return { id, ...numbersNow(after), ...numbersBefore(before), difference, ...places(before, after) };
}

const numbersNow = (after: Row['after']): TwinRow['cells'] => ({
  scoreNow: after?.score ?? null,
  ownNow: after?.own ?? null,
  exploredNow: after?.explored ?? null,
  now: after?.probability ?? null,
});

const numbersBefore = (before: Row['before']): TwinRow['cells'] => ({
  scoreBefore: before?.score ?? null,
  before: before?.probability ?? null,
});

const places = (before: Row['before'], after: Row['after']): Record<string, string> => ({
  positionBefore: place(before),
  positionNow: place(after),
});

function save(answer: CounterfactualAnswer): void {
  const rows = rowsOf(answer).map((row) => ({ id: row.id, cells: cellsOf(row) }));
  downloadCsv(`What if ${answer.decisionId}`, HEADINGS, rows);
}

const who = ({ policy }: ExaminedDecision): string => `${policy.id}, snapshot ${policy.version}`;

export function WhatIfTable({ answer }: { answer: CounterfactualAnswer }): ReactElement {
  const { before, after, sameChoice, totalVariation } = answer;
  return (
    <>
      <div className={styles.replay}>
        {before === null ? (
          <Pill icon="info" label="Nothing to compare with" />
        ) : (
          <Pill
            tone={sameChoice ? 'good' : 'bad'}
            icon={sameChoice ? 'check' : 'warning'}
            label={sameChoice ? 'The same choice' : 'Another choice'}
          />
        )}
        <span className="mq-muted">
          {before === null
            ? answer.beforeNote
            : `${who(after)}: ${percent(totalVariation)} of the probability moves.${answer.asServed ? '' : ' What is shown as before is not what was served: settings have changed since.'}`}
        </span>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          leftSection={<Icon name="download" size={14} />}
          onClick={() => save(answer)}
        >
          CSV
        </Button>
      </div>
      <DataTable
        caption="Before and now"
        columns={COLUMNS}
        rows={rowsOf(answer)}
        rowKey={({ id }) => id}
        rowClass={({ after: now }) =>
          now?.chosen === true && answer.kind === 'action' ? styles.chosen : undefined
        }
        step={50}
        dense
      />
    </>
  );
}
