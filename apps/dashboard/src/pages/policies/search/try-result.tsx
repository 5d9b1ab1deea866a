import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { segment } from '../../../api/http.js';
import type { TriedItem, TriedSearch } from '../../../api/search.js';
import { downloadCsv } from '../../../charts/csv.js';
import { count, humanise, plural, significant } from '../../../format/index.js';
import { DataTable } from '../../../ui/data-table.js';
import type { Column } from '../../../ui/data-table.js';
import { StateMessage } from '../../../ui/state-message.js';

type Placed = TriedItem & { place: number };

/** Parts of a score that are worth a word. */
const STRONGEST = 3;

const COLUMNS: readonly Column<Placed>[] = [
  { key: 'place', title: 'Place', align: 'right', width: 60, cell: ({ place }) => place },
  {
    key: 'title',
    title: 'Title',
    cell: ({ id, title }) => (
      <Link className="mq-link" to={`/catalogue/${segment(id)}`}>
        {title}
      </Link>
    ),
  },
  { key: 'score', title: 'Score', align: 'right', cell: ({ score }) => significant(score) },
  { key: 'why', title: 'Why', cell: (item) => whyOf(item) },
];

/** In words: what adds most, and what is known of the member wherever that counts. */
export function whyOf({ reasons }: Pick<TriedItem, 'reasons'>): string {
  const told = reasons.filter(({ kind }, i) => kind !== 'covered' && (i <= STRONGEST || kind === 'member'));
  return told.map(({ adds, detail, kind }) => `${detail ?? humanise(kind)} (${signed(adds)})`).join(' ');
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${significant(value)}`;

/** What one policy found. */
export function TriedResult({ tried }: { tried: TriedSearch }): ReactElement {
  const { policy, items, found, candidates, query } = tried;
  const rows = items.map((item, i) => ({ ...item, place: i + 1 }));
  const caption = `Results of ${policy.title}`;
  return (
    <section aria-label={caption}>
      <p>
        <strong>
          {policy.title}, snapshot {policy.version}
        </strong>
        : {plural(found, 'title')} of {count(candidates)} found for “{query}”.
      </p>
      {rows.length === 0 ? (
        <StateMessage icon="info" title="Nothing is found">
          Members who ask this get an empty list.
        </StateMessage>
      ) : (
        <>
          <DataTable
            caption={caption}
            columns={COLUMNS}
            rows={rows}
            rowKey={({ id }) => id}
            dense
            detail={(item) => <Parts item={item} />}
            rowName={({ title }) => title}
          />
          <Csv caption={caption} rows={rows} />
        </>
      )}
    </section>
  );
}

function Parts({ item }: { item: TriedItem }): ReactElement {
  return (
    <ul>
      {item.reasons.map(({ kind, adds, detail }) => (
        <li key={kind}>
          {signed(adds)} {humanise(kind)}: {detail}
        </li>
      ))}
    </ul>
  );
}

function Csv({ caption, rows }: { caption: string; rows: readonly Placed[] }): ReactElement {
  return (
    <Button
      size="xs"
      variant="default"
      mt="xs"
      aria-label={`CSV of ${caption}`}
      onClick={() =>
        downloadCsv(
          caption,
          { place: 'Place', id: 'Id', title: 'Title', score: 'Score', why: 'Why' },
          rows.map((row) => ({
            id: row.id,
            cells: { place: row.place, id: row.id, title: row.title, score: row.score, why: whyOf(row) },
          })),
        )
      }
    >
      CSV
    </Button>
  );
}
