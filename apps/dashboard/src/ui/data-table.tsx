import { Table, VisuallyHidden } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
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
  /** Keeps the page short; the table then scrolls inside. */
  maxHeight?: number;
}

/** A table that scrolls sideways by keyboard where it is wider than its place. */
export function DataTable<Row>(props: DataTableProps<Row>): ReactElement {
  const { caption, columns, rows, rowKey, rowClass, dense = false, maxHeight } = props;
  return (
    <div
      className={styles.scroll}
      tabIndex={0}
      role="region"
      aria-label={`${caption}, table`}
      style={maxHeight === undefined ? {} : { maxHeight }}
    >
      <Table verticalSpacing={dense ? 6 : 10} className={styles.table ?? ''} stickyHeader={maxHeight !== undefined}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column.key} scope="col" className={headClass(column)} w={column.width}>
                {column.quiet === true ? <VisuallyHidden>{column.title}</VisuallyHidden> : column.title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)} className={rowClass?.(row) ?? ''}>
              {columns.map((column) => (
                <Table.Td key={column.key} className={column.align === 'right' ? styles.right : undefined}>
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function headClass<Row>(column: Column<Row>): string {
  return `${styles.head ?? ''} ${column.align === 'right' ? (styles.right ?? '') : ''}`;
}
