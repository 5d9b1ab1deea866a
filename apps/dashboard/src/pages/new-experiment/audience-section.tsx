import { Button, Group, NumberInput, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Json } from '../../api/types.js';
import { conditionSentence, percent } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import { JsonInputField } from '../../ui/json-field.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { OWN_LAYER } from './draft.js';
import { freeShare } from './layers.js';
import { ConditionFields } from './condition-fields.js';
import type { SectionProps } from './section-props.js';
import { newRow, toCondition } from './targeting.js';
import type { TargetingDraft } from './targeting.js';

/** Who takes part: targeting, traffic, layer. */
export function AudienceSection(props: SectionProps): ReactElement {
  const { draft, set, problems, layers } = props;
  return (
    <Panel title="Who takes part">
      <Stack gap="lg">
        <TargetingFields {...props} />
        <div className={layout.fields}>
          <NumberInput
            label="Traffic"
            description="Of the units that match. Raising it later moves nobody."
            suffix="%"
            min={1}
            max={100}
            error={problems['/traffic']}
            value={draft.traffic}
            onChange={(traffic) => set({ traffic: typeof traffic === 'number' ? traffic : 0 })}
          />
          <TextInput
            label="Unit"
            description="Who is randomised"
            value={draft.unitType}
            onChange={(event) => set({ unitType: event.currentTarget.value })}
          />
          <Select
            label="Layer"
            description="Experiments in one layer never overlap"
            required
            error={problems['/layer']}
            data={[
              { value: OWN_LAYER, label: 'A layer of its own' },
              ...layers.map((layer) => ({
                value: layer.key,
                label: `${layer.title}, ${percent(freeShare(layer), 0)} free`,
                disabled: freeShare(layer) === 0,
              })),
            ]}
            value={draft.layer || null}
            onChange={(layer) => set({ layer: layer ?? '' })}
          />
        </div>
      </Stack>
    </Panel>
  );
}

function TargetingFields({ draft, set, problems, catalog }: SectionProps): ReactElement {
  const { targeting } = draft;
  const change = (next: TargetingDraft): void => set({ targeting: next });
  const condition = toCondition(targeting);
  const asRows = targeting.mode === 'rows';
  return (
    <div role="group" aria-label="Targeting">
      <Group justify="space-between" mb="xs">
        <Text size="sm" fw={500}>
          Targeting
        </Text>
        <Button
          variant="subtle"
          color="gray"
          size="compact-xs"
          onClick={() =>
            change(
              asRows
                ? { mode: 'json', condition: condition as Json }
                : { mode: 'rows', match: 'all', rows: [] },
            )
          }
        >
          {asRows ? 'Write as JSON' : 'Use the builder'}
        </Button>
      </Group>
      {targeting.mode === 'json' ? (
        <JsonInputField
          label="Condition"
          description='{"all": [...]}, {"any": [...]}, {"not": ...} or {"attribute", "op", "value"}'
          minRows={4}
          error={problems['/targeting']}
          value={targeting.condition}
          onChange={(next) => change({ mode: 'json', condition: next })}
        />
      ) : (
        <Stack gap="sm">
          {targeting.rows.length > 1 ? (
            <SegmentedControl
              size="xs"
              style={{ alignSelf: 'flex-start' }}
              aria-label="How conditions combine"
              value={targeting.match}
              onChange={(match) => change({ ...targeting, match })}
              data={[
                { value: 'all', label: 'All must match' },
                { value: 'any', label: 'Any may match' },
              ]}
            />
          ) : null}
          {targeting.rows.map((row) => (
            <ConditionFields
              key={row.id}
              row={row}
              operators={catalog.conditionOperators}
              change={(next) =>
                change({
                  ...targeting,
                  rows: targeting.rows.map((entry) => (entry.id === row.id ? { ...entry, ...next } : entry)),
                })
              }
              remove={() =>
                change({ ...targeting, rows: targeting.rows.filter((entry) => entry.id !== row.id) })
              }
            />
          ))}
          <Button
            style={{ alignSelf: 'flex-start' }}
            variant="default"
            size="compact-sm"
            leftSection={<Icon name="plus" size={14} />}
            onClick={() => change({ ...targeting, rows: [...targeting.rows, newRow(targeting.rows)] })}
          >
            Add condition
          </Button>
        </Stack>
      )}
      <Text
        size="sm"
        c={problems['/targeting'] === undefined ? 'dimmed' : 'var(--mantine-color-error)'}
        mt="xs"
        role="status"
      >
        {problems['/targeting'] ?? `Matches: ${conditionSentence(condition)}`}
      </Text>
    </div>
  );
}
