import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { dateTime } from '../format/index.js';
import { Icon } from '../ui/icon.js';
import { download, fileStem } from './download.js';
import { chartPng } from './png.js';

interface PngButtonProps {
  title: string;
  caption: readonly string[];
  /** What to draw, from top to bottom, once it is asked for. */
  parts: () => readonly (Element | null)[];
}

/** Saves a chart as a picture with its caption. */
export function PngButton({ title, caption, parts }: PngButtonProps): ReactElement {
  const [failed, setFailed] = useState(false);
  const save = async (): Promise<void> => {
    const drawn = parts().filter((part): part is Element => part !== null);
    const sentences = [...caption, `Drawn on ${dateTime(new Date().toISOString())}.`].filter(Boolean);
    try {
      download(`${fileStem(title)}.png`, await chartPng(drawn, { title, caption: sentences }));
      setFailed(false);
    } catch {
      setFailed(true);
    }
  };
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-xs"
      leftSection={<Icon name={failed ? 'warning' : 'download'} size={14} />}
      onClick={() => void save()}
    >
      {failed ? 'PNG failed' : 'PNG'}
    </Button>
  );
}
