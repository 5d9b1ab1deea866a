import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Icon } from '../ui/icon.js';
import type { TwinRow } from './chart-frame.js';
import { downloadCsv } from './csv.js';

interface CsvButtonProps {
  title: string;
  headings: Readonly<Record<string, string>>;
  rows: readonly TwinRow[];
}

/** Saves the rows as a file that is named after the title. */
export function CsvButton({ title, headings, rows }: CsvButtonProps): ReactElement {
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      leftSection={<Icon name="download" size={14} />}
      onClick={() => downloadCsv(title, headings, rows)}
    >
      CSV
    </Button>
  );
}
