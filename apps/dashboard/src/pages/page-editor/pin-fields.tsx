import { Button, Fieldset, Group, NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import type { Item, PagePin } from '../../api/pages.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { Pill } from '../../ui/status.js';
import { isOver, isoTime, localTime } from './draft.js';
import type { SectionProps } from './draft.js';

const WEEK_MS = 7 * 86_400_000;

interface PinFieldsProps extends SectionProps {
  rows: readonly Item[];
}

/** Rows at a place of the page and titles at a place of a row, until a date; all other places are decided. */
export function PinFields({ layout, set, problems, rows }: PinFieldsProps): ReactElement {
  const { pins } = layout;
  const [now] = useState(() => Date.now());
  const add = (): void => {
    const taken = new Set(pins.flatMap(({ title, position }) => (title === null ? [position] : [])));
    let position = 1;
    while (taken.has(position)) position++;
    const pinned = new Set(pins.flatMap(({ title, row }) => (title === null ? [row] : [])));
    const row = rows.find(({ id }) => !pinned.has(id))?.id ?? '';
    set({ pins: [...pins, { row, title: null, position, until: new Date(now + WEEK_MS).toISOString() }] });
  };
  return (
    <Panel
      title="Pinned"
      note="What people put at a place until a date. Policies decide about the other places, around it."
    >
      <Stack gap="sm">
        {pins.length === 0 ? (
          <Text size="sm" c="dimmed">
            Nothing is pinned: every place is decided.
          </Text>
        ) : null}
        {pins.map((pin, index) => (
          <Pin
            key={index}
            {...{ pin, index, problems, rows, now }}
            change={(next) => set({ pins: pins.map((one, i) => (i === index ? next : one)) })}
            remove={() => set({ pins: pins.filter((_, i) => i !== index) })}
          />
        ))}
        <Group>
          <Button variant="default" onClick={add}>
            Pin a row or title
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

interface PinProps {
  pin: PagePin;
  index: number;
  problems: SectionProps['problems'];
  rows: readonly Item[];
  now: number;
  change: (pin: PagePin) => void;
  remove: () => void;
}

function Pin({ pin, index, problems, rows, now, change, remove }: PinProps): ReactElement {
  const at = (field: string): string | undefined => problems[`/layout/pins/${index}/${field}`];
  const known =
    rows.some(({ id }) => id === pin.row) || pin.row === '' ? [] : [{ value: pin.row, label: pin.row }];
  return (
    <Fieldset legend={`Pin ${index + 1}`}>
      <div className={layoutStyles.fields}>
        <Select
          label="Row"
          searchable
          data={[...rows.map(({ id, title }) => ({ value: id, label: title || id })), ...known]}
          value={pin.row || null}
          error={at('row')}
          onChange={(row) => change({ ...pin, row: row ?? '' })}
        />
        <TextInput
          label="Title in it (id)"
          placeholder="the row itself"
          value={pin.title ?? ''}
          error={at('title')}
          onChange={(event) => change({ ...pin, title: event.currentTarget.value.trim() || null })}
        />
        <NumberInput
          label="Place"
          min={1}
          max={100}
          clampBehavior="none"
          allowDecimal={false}
          value={pin.position}
          error={at('position')}
          onChange={(value) => change({ ...pin, position: typeof value === 'number' ? value : 0 })}
        />
        <TextInput
          label="Until"
          type="datetime-local"
          value={localTime(pin.until)}
          error={at('until')}
          onChange={(event) => change({ ...pin, until: isoTime(event.currentTarget.value) })}
        />
        <TextInput
          label="Reason"
          value={pin.reason ?? ''}
          error={at('reason')}
          onChange={(event) => {
            const { reason: _reason, ...rest } = pin;
            const reason = event.currentTarget.value;
            change(reason === '' ? rest : { ...rest, reason });
          }}
        />
      </div>
      <Group mt="sm" gap="xs">
        <Button variant="subtle" size="compact-sm" aria-label={`Remove pin ${index + 1}`} onClick={remove}>
          Remove
        </Button>
        {isOver(pin, now) ? <Pill icon="clock" label="Over" /> : null}
      </Group>
    </Fieldset>
  );
}
