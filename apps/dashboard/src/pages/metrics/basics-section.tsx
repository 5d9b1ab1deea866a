import { Select, Stack, TextInput, Textarea } from '@mantine/core';
import type { ReactElement } from 'react';
import type { MeasuredIn } from '../../api/types.js';
import type { MetricKind } from '../../api/types-metrics.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { slug } from '../../format/slug.js';
import type { SectionProps } from './field-props.js';
import { withKind } from './metric-draft.js';
import { KIND, KIND_HINT, MEASURED_IN, choices } from './words.js';

const FAMILY = { engagement: 'Engagement', retention: 'Retention', guardrail: 'Guardrail' } as const;
const BETTER = { higher: 'Higher', lower: 'Lower' } as const;

/** Names, kind and direction. A metric that exists keeps its key. */
export function BasicsSection({
  draft,
  set,
  problems,
  fixedKey,
}: SectionProps & { fixedKey: boolean }): ReactElement {
  return (
    <Panel title="What it is called">
      <Stack gap="md">
        <div className={layout.fields}>
          <TextInput
            label="Name"
            required
            error={problems['/title']}
            value={draft.title}
            onChange={(event) => set({ title: event.currentTarget.value })}
          />
          <TextInput
            label="Key"
            disabled={fixedKey}
            placeholder={slug(draft.title) || 'from the name'}
            error={problems['/key']}
            value={draft.key}
            onChange={(event) => set({ key: event.currentTarget.value })}
          />
        </div>
        <Textarea
          label="Description"
          description="For people who read a report"
          required
          autosize
          minRows={2}
          error={problems['/description']}
          value={draft.description}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <div className={layout.fields}>
          <Select
            label="Kind"
            description={KIND_HINT[draft.kind]}
            data={choices(KIND)}
            allowDeselect={false}
            value={draft.kind}
            onChange={(kind) => set(withKind(draft, (kind ?? draft.kind) as MetricKind))}
          />
          <Select
            label="Measured in"
            description="How its values are shown"
            data={choices(MEASURED_IN)}
            allowDeselect={false}
            value={draft.measuredIn}
            onChange={(unit) => set({ measuredIn: (unit ?? draft.measuredIn) as MeasuredIn })}
          />
          <Select
            label="Better when"
            description="Which way is good"
            data={choices(BETTER)}
            allowDeselect={false}
            value={draft.betterWhen}
            onChange={(way) => set({ betterWhen: (way ?? 'higher') as 'higher' | 'lower' })}
          />
          <Select
            label="Family"
            description="Where it is listed"
            data={choices(FAMILY)}
            allowDeselect={false}
            value={draft.family}
            onChange={(family) => set({ family: family ?? draft.family })}
          />
        </div>
      </Stack>
    </Panel>
  );
}
