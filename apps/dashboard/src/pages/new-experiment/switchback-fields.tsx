import { NumberInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { SectionProps } from './section-props.js';

type SwitchbackFieldsProps = Pick<SectionProps, 'draft' | 'set' | 'problems'>;

/** Length of a switchback's slots, and how much of their start does not count; nothing for other experiments. */
export function SwitchbackFields({ draft, set, problems }: SwitchbackFieldsProps): ReactElement | null {
  if (draft.switchback === null) return null;
  return (
    <>
      <NumberInput
        label="Slot"
        description="Minutes until a market is assigned anew"
        min={5}
        max={10_080}
        error={problems['/switchback/slotMinutes']}
        value={draft.switchback}
        onChange={(minutes) => set({ switchback: typeof minutes === 'number' ? minutes : 0 })}
      />
      <NumberInput
        label="Wash-out"
        description="Minutes at the start of a slot that do not count, while the slot before wears off"
        min={0}
        max={10_079}
        error={problems['/switchback/washOutMinutes']}
        value={draft.washOut}
        onChange={(minutes) => set({ washOut: typeof minutes === 'number' ? minutes : 0 })}
      />
    </>
  );
}
