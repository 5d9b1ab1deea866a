import type { ReactElement } from 'react';
import { Link } from 'react-router';
import { query, segment } from '../../api/http.js';
import { usePages } from '../../api/pages.js';
import type { PageConfig } from '../../api/pages.js';
import { count } from '../../format/index.js';
import { DataTable } from '../../ui/data-table.js';
import type { Column } from '../../ui/data-table.js';
import { Panel } from '../../ui/panel.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { StateMessage } from '../../ui/state-message.js';
import styles from './settings.module.css';

const COLUMNS: Column<PageConfig>[] = [
  {
    key: 'page',
    title: 'Page',
    cell: ({ key, title }) => (
      <div className={styles.wide}>
        <strong>{title}</strong>
        <span className="mq-mono">{key}</span>
      </div>
    ),
  },
  {
    key: 'rows',
    title: 'Rows',
    cell: ({ layout: { rows } }) => `${count(rows.limit)} of ${rows.surface}`,
  },
  {
    key: 'titles',
    title: 'Titles of a row',
    cell: ({ layout: { titles, unique } }) =>
      `${count(titles.limit)} of ${titles.surface}${unique ? ', none twice' : ''}`,
  },
  {
    key: 'artwork',
    title: 'Artwork',
    cell: ({ layout: { artwork } }) =>
      artwork === null ? 'none' : `${artwork.surface} for the first ${count(artwork.places)}`,
  },
  {
    key: 'pins',
    title: 'Pins',
    cell: ({ layout: { pins } }) => (pins.length === 0 ? 'none' : count(pins.length)),
  },
  {
    key: 'filters',
    title: 'Hard filters',
    cell: ({ layout: { filters } }) => (filters === null ? 'none' : 'availability and maturity'),
  },
  {
    key: 'edit',
    title: 'Edit',
    quiet: true,
    cell: ({ key, title }) => (
      <Link className="mq-link" to={`/pages/${segment(key)}`}>
        Edit {title}
      </Link>
    ),
  },
  {
    key: 'preview',
    title: 'Preview',
    quiet: true,
    cell: ({ key, title }) => (
      <Link className="mq-link" to={`/preview/page${query({ page: key })}`}>
        Preview {title}
      </Link>
    ),
  },
];

/** Pages that clients ask for as a whole. */
export function PagesPanel(): ReactElement {
  return (
    <Panel
      title="Pages"
      note="Rows, titles and artwork that apps ask for at once."
      flush
      actions={
        <Link className="mq-link" to="/pages/new">
          New page
        </Link>
      }
    >
      <QueryBoundary
        query={usePages()}
        what="pages"
        isEmpty={({ items }) => items.length === 0}
        empty={
          <StateMessage title="No page is set up">
            Begin with “New page”, or start the demo world.
          </StateMessage>
        }
      >
        {({ items }) => (
          <DataTable caption="Pages" columns={COLUMNS} rows={items} rowKey={({ key }) => key} />
        )}
      </QueryBoundary>
    </Panel>
  );
}
