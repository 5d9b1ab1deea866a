import { NumberInput, Select } from '@mantine/core';
import type { ReactElement } from 'react';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import type { SectionProps } from './field-props.js';
import { KINDS_WITH_CAP, KINDS_WITH_COVARIATE } from './metric-draft.js';

const CAPS = [
  { value: 'none', label: 'No cap' },
  { value: 'atMost', label: 'At a value' },
  { value: 'quantile', label: 'At a quantile of all units' },
];

const numberOrNull = (value: string | number): number | null => (typeof value === 'number' ? value : null);

/** Who counts, how outliers and earlier behaviour are dealt with, and what matters. */
export function JudgeSection({ draft, set, problems }: SectionProps): ReactElement {
  return (
    <Panel title="How it is judged">
      <div className={layout.fields}>
        <NumberInput
          label="Units count after"
          description="Days since first exposure"
          suffix=" days"
          min={0}
          max={365}
          error={problems['/maturityDays']}
          value={draft.maturityDays}
          onChange={(days) => set({ maturityDays: numberOrNull(days) ?? 0 })}
        />
        {KINDS_WITH_COVARIATE.has(draft.kind) ? (
          <NumberInput
            label="Adjust by days before"
            description="CUPED window; empty: none"
            suffix=" days"
            min={1}
            max={365}
            error={problems['/covariateDays']}
            value={draft.covariateDays ?? ''}
            onChange={(days) => set({ covariateDays: numberOrNull(days) })}
          />
        ) : null}
        <NumberInput
          label="Smallest lift that matters"
          description="For power; empty: 5 %"
          suffix=" %"
          min={0}
          error={problems['/minimumLift']}
          value={draft.minimumLift ?? ''}
          onChange={(lift) => set({ minimumLift: numberOrNull(lift) })}
        />
        <NumberInput
          label="Guardrail margin"
          description="Worsening that is tolerated"
          suffix=" %"
          min={0}
          max={100}
          error={problems['/guardrailMargin']}
          value={draft.guardrailMargin ?? ''}
          onChange={(margin) => set({ guardrailMargin: numberOrNull(margin) })}
        />
        {KINDS_WITH_CAP.has(draft.kind) ? (
          <Select
            label="Cap of a unit’s number"
            description="Tames few extreme units"
            data={CAPS}
            allowDeselect={false}
            value={draft.cap}
            onChange={(cap) => set({ cap: (cap ?? 'none') as typeof draft.cap })}
          />
        ) : null}
        {draft.cap !== 'none' && KINDS_WITH_CAP.has(draft.kind) ? (
          <NumberInput
            label={draft.cap === 'atMost' ? 'Capped at' : 'Quantile of the cap'}
            description={draft.cap === 'atMost' ? 'In the metric’s unit' : 'Units with 0 left out'}
            suffix={draft.cap === 'atMost' ? '' : ' %'}
            min={0}
            error={problems['/cap']}
            value={draft.capValue ?? ''}
            onChange={(value) => set({ capValue: numberOrNull(value) })}
          />
        ) : null}
      </div>
    </Panel>
  );
}
