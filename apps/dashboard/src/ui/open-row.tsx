import { ActionIcon, Table } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useId } from 'react';
import styles from './data-table.module.css';
import { Icon } from './icon.js';
import { useUrlState } from './url-state.js';

interface OpenRowProps {
  id: string;
  name: string;
  className: string | undefined;
  /** Columns of the table. */
  span: number;
  cells: ReactNode;
  detail: () => ReactNode;
}

const SEPARATOR = '~';

/** A row with a button that opens its details below it; which rows are open is part of the address. */
export function OpenRow({ id, name, className, span, cells, detail }: OpenRowProps): ReactElement {
  const [open, setOpen] = useUrlState('open');
  const below = useId();
  const ids = open === '' ? [] : open.split(SEPARATOR);
  const isOpen = ids.includes(id);
  const toggle = (): void =>
    setOpen((isOpen ? ids.filter((other) => other !== id) : [...ids, id]).join(SEPARATOR));
  return (
    <>
      <Table.Tr className={className ?? ''}>
        <Table.Td className={styles.opener}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            aria-label={`Details of ${name}`}
            aria-expanded={isOpen}
            aria-controls={isOpen ? below : undefined}
            onClick={toggle}
          >
            <span className={isOpen ? styles.opened : styles.closed}>
              <Icon name="next" size={14} />
            </span>
          </ActionIcon>
        </Table.Td>
        {cells}
      </Table.Tr>
      {isOpen ? (
        <Table.Tr className={styles.detail ?? ''}>
          <Table.Td colSpan={span} id={below}>
            {detail()}
          </Table.Td>
        </Table.Tr>
      ) : null}
    </>
  );
}
