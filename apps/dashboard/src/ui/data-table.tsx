import { Button, Table, VisuallyHidden } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useState } from 'react';
import { OpenRow } from './open-row.js';
import styles from './data-table.module.css';

export interface Column<Row> {
  key: string;
  title: string;
  /** Figures stand on the right. */
  align?: 'left' | 'right';
  cell: (row: Row) => ReactNode;
  /** Hide the heading from sight (not from screen readers), e.g. over buttons. */
  quiet?: boolean;
  width?: number | string;
}

interface DataTableProps<Row> {
  /** Names the table for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Extra class of a row, e.g. to grey it. */
  rowClass?: (row: Row) => string | undefined;
  dense?: boolean;
  /** Shows this many rows first, and as many more on demand. */
  step?: number;
  /** What a row opens to below itself; the open rows are part of the address. */
  detail?: (row: Row) => ReactNode;
  /** Names a row for the button that opens it. */
  rowName?: (row: Row) => string;
  /** Keeps the page short; the table then scrolls inside. */
  maxHeight?: number;
}

/** A table that scrolls sideways by keyboard where it is wider than its place. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactElement {
  const {
    caption,
    columns,
    rows,
    rowKey,
    rowClass,
    dense = false,
    step = Infinity,
    maxHeight,
    detail,
  } = props;
  const [limit, setLimit] = useState(step);
  return (
    <div
      className={styles.scroll}
      tabIndex={0}
      role="region"
      aria-label={`${caption}, table`}
      style={maxHeight === undefined ? {} : { maxHeight }}
    >
      <Table
        verticalSpacing={dense ? 6 : 10}
        className={styles.table ?? ''}
        stickyHeader={maxHeight !== undefined}
      >
        <Table.Thead>
          <Table.Tr>
            {detail === undefined ? null : (
              <Table.Th scope="col" w={28} className={styles.opener}>
                <VisuallyHidden>Details</VisuallyHidden>
              </Table.Th>
            )}
            {columns.map((column) => (
              <Table.Th key={column.key} scope="col" className={headClass(column)} w={column.width}>
                {column.quiet === true ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, limit).map((row) => {
            const cells = columns.map((column) => (
              <Table.Td key={column.key} className={column.align === 'right' ? styles.right : undefined}>
                {column.cell(row)}
              </Table.Td>
            ));
            const id = rowKey(row);
            return detail === undefined ? (
              <Table.Tr key={id} className={rowClass?.(row) ?? ''}>
                {cells}
              </Table.Tr>
            ) : (
              <OpenRow
                key={id}
                id={id}
                name={props.rowName?.(row) ?? id}
                className={rowClass?.(row)}
                span={columns.length + 1}
                cells={cells}
                detail={() => detail(row)}
              />
            );
          })}
        </Table.Tbody>
      </Table>
      {rows.length > limit ? (
        <Button variant="subtle" fullWidth onClick={() => setLimit(limit + step)}>
          Show {Math.min(step, rows.length - limit)} more of {rows.length}
        </Button>
      ) : null}
    </div>
  );
}

function headClass<Row>(column: Column<Row>): string {
  return `${styles.head ?? ''} ${column.align === 'right' ? (styles.right ?? '') : ''}`;
}
