import { Autocomplete, Select } from '@mantine/core';
import type { ReactElement } from 'react';

const DEVICES = ['smart-tv', 'phone', 'tablet', 'web'];
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const HOURS = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: `${hour}:00` }));

type MomentField = 'device' | 'weekday' | 'hour';

interface MomentProps {
  draft: Readonly<Record<MomentField, string>>;
  change: (field: MomentField, value: string | null) => void;
}

/** The moment of a preview: device, weekday and hour; empty as in the member's newest request. */
export function Moment({ draft, change }: MomentProps): ReactElement {
  return (
    <>
      <Autocomplete
        label="Device"
        placeholder="as it was last"
        data={DEVICES}
        value={draft.device}
        onChange={(value) => change('device', value)}
      />
      <Select
        label="Weekday"
        placeholder="as it was last"
        clearable
        data={WEEKDAYS.map((label, day) => ({ value: String(day), label }))}
        value={draft.weekday || null}
        onChange={(value) => change('weekday', value)}
      />
      <Select
        label="Hour"
        placeholder="as it was last"
        clearable
        data={HOURS}
        value={draft.hour || null}
        onChange={(value) => change('hour', value)}
      />
    </>
  );
}
