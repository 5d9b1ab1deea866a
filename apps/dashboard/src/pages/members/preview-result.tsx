import { Alert } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../api/http.js';
import type { Preview, PreviewItem, PreviewSide } from '../../api/members.js';
import { CsvButton } from '../../charts/csv-button.js';
import type { TwinRow } from '../../charts/chart-frame.js';
import { count, percent, plural, probability, significant } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { StateMessage } from '../../ui/state-message.js';
import { ContextPanel } from './context-panel.js';
import policies from '../policies/policies.module.css';

/** The answers of a preview, place by place. */
export function PreviewResult({ preview }: { preview: Preview }): ReactElement {
  const { surface, sides, comparison, candidates, context } = preview;
  const answered = sides.filter(({ error }) => error === null);
  return (
    <>
      {sides.flatMap(({ policy, error }) =>
        error === null
          ? []
          : [
              <Alert key={policy.id} color="orange" variant="light" title={`${policy.title} gives no answer`}>
                {error}
              </Alert>,
            ],
      )}
      {answered.length === 0 ? (
        <StateMessage icon="warning" title="There is nothing to show" />
      ) : (
        <Panel
          title={`${surface.title}, place by place`}
          note={`${plural(candidates, 'candidate')}. ${comparison === null ? '' : sentence(comparison)}`}
          actions={<Csv sides={answered} />}
          flush
        >
          <DataTable
            caption="Answers side by side"
            columns={columnsOf(answered)}
            rows={placesOf(answered)}
            rowKey={String}
            dense
          />
        </Panel>
      )}
      <div className={layout.split}>
        {answered.map((side) => (
          <Past key={side.policy.id} side={side} />
        ))}
      </div>
      <ContextPanel context={context} />
    </>
  );
}

function sentence({ common, overlap, samePlace }: NonNullable<Preview['comparison']>): string {
  return `Both show ${count(common)} of them (${percent(overlap, 0)}), ${count(samePlace)} in the same place.`;
}

const placesOf = (sides: readonly PreviewSide[]): number[] =>
  Array.from({ length: Math.max(...sides.map(({ items }) => items.length)) }, (_, place) => place);

/** How an item moved from the answer before to this one. */
export function movement(item: PreviewItem, before: PreviewSide | undefined): string {
  if (before === undefined) return '';
  const place = before.items.find(({ id }) => id === item.id)?.position;
  if (place === undefined) return 'only here';
  if (place === item.position) return 'same place';
  return place > item.position ? `▲ ${place - item.position}` : `▼ ${item.position - place}`;
}

function columnsOf(sides: readonly PreviewSide[]): Column<number>[] {
  return [
    { key: 'place', title: 'Place', cell: (place) => place + 1, width: 60 },
    ...sides.map((side, index) => ({
      key: `${index}/${side.policy.id}`,
      title: `${side.policy.title}, snapshot ${side.policy.version}`,
      cell: (place: number) => <Cell item={side.items[place]} before={index === 0 ? undefined : sides[0]} />,
    })),
  ];
}

function Cell({
  item,
  before,
}: {
  item: PreviewItem | undefined;
  before: PreviewSide | undefined;
}): ReactElement {
  if (item === undefined) return <span className="mq-muted">—</span>;
  const moved = movement(item, before);
  const score = item.score === null ? '' : `score ${significant(item.score)}, `;
  return (
    <div className={policies.pair}>
      <Link className="mq-link" to={`/catalogue/${segment(item.id)}`}>
        {item.title}
      </Link>
      <span className={policies.note}>
        {score}
        {probability(item.probability)} to stand first{moved === '' ? '' : ` · ${moved}`}
      </span>
    </div>
  );
}

const HEADINGS = {
  policy: 'Policy',
  version: 'Snapshot',
  place: 'Place',
  id: 'Id',
  title: 'Title',
  score: 'Score',
  probability: 'Probability to stand first',
};

function Csv({ sides }: { sides: readonly PreviewSide[] }): ReactElement {
  const rows = sides.flatMap(({ policy, items }): TwinRow[] =>
    items.map(({ id, title, position, score, probability: first }) => ({
      id: `${policy.id}/${position}`,
      cells: {
        policy: policy.id,
        version: policy.version,
        place: position + 1,
        id,
        title,
        score,
        probability: first,
      },
    })),
  );
  return <CsvButton title="Preview" headings={HEADINGS} rows={rows} />;
}

const SOURCES: Record<PreviewSide['historySource'], string> = {
  request: 'As the newest request sent it, newest first.',
  outcomes: 'From the stored outcomes that count for this policy, newest first.',
  given: 'As given.',
  none: 'Nothing is known: the policy answers as for somebody new.',
};
const SHOWN = 20;

function Past({ side }: { side: PreviewSide }): ReactElement {
  const { policy, history, historySource } = side;
  return (
    <Panel title={`What ${policy.title} sees`} note={SOURCES[historySource]}>
      {history.length === 0 ? (
        <StateMessage title="No history" />
      ) : (
        <p>
          {history
            .slice(0, SHOWN)
            .map(({ title }) => title)
            .join(', ')}
          {history.length > SHOWN ? `, and ${count(history.length - SHOWN)} more` : ''}
        </p>
      )}
    </Panel>
  );
}
