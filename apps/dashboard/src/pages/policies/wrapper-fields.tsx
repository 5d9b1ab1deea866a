import { ActionIcon, Fieldset, Group, Paper, Select, Stack, Text } from '@mantine/core';
import type { ReactElement } from 'react';
import type { RegisteredPolicy, RegisteredWrapper, Worn } from '../../api/types.js';
import { Icon } from '../../ui/icon.js';
import { schemaDefaults } from '../../ui/schema-defaults.js';
import { SchemaForm } from '../../ui/schema-form.js';

interface WrapperFieldsProps {
  /** What goes around it: its schema names the wrappers that fit how it learns. */
  policy: RegisteredPolicy | undefined;
  wrappers: readonly RegisteredWrapper[];
  value: readonly Worn[];
  onChange: (value: Worn[]) => void;
}

/** The wrappers that a policy can wear. */
function fitting(
  policy: RegisteredPolicy | undefined,
  wrappers: readonly RegisteredWrapper[],
): RegisteredWrapper[] {
  const gives = policy?.gives;
  const allowed = policy?.paramsSchema.properties?.['wrappers']?.items?.properties?.['key']?.enum ?? [];
  const misfit = gives === 'scores' ? 'choosers' : gives === 'probabilities' ? 'rankers' : null;
  return wrappers.filter(({ fits, key }) => allowed.includes(key) && (fits === undefined || fits !== misfit));
}

/** What goes around a policy, from the inside out: a card each, and a choice of those that are left. */
export function WrapperFields({
  policy,
  wrappers,
  value,
  onChange,
}: WrapperFieldsProps): ReactElement | null {
  const known = fitting(policy, wrappers);
  const ranks = policy?.gives === 'scores';
  if (known.length === 0) return null;
  const left = known.filter(({ key }) => !value.some((worn) => worn.key === key));
  const add = (key: string): void =>
    onChange([
      ...value,
      { key, params: schemaDefaults(known.find((wrapper) => wrapper.key === key)?.paramsSchema) },
    ]);
  return (
    <Fieldset legend="Around the policy">
      <Stack gap="sm">
        {value.length === 0 ? (
          <Text size="sm" c="dimmed">
            {ranks
              ? 'Nothing. Re-rankers can diversify, calibrate, explore, filter and pin, in this order from the top.'
              : 'Nothing. Wrappers can keep shares, hold units back, cap repetition, guard a cost or a baseline.'}
          </Text>
        ) : null}
        {value.map((worn, index) => (
          <WornCard
            key={worn.key}
            worn={worn}
            wrapper={known.find(({ key }) => key === worn.key)}
            change={(params) => onChange(value.map((one, i) => (i === index ? { ...one, params } : one)))}
            remove={() => onChange(value.filter((_, i) => i !== index))}
          />
        ))}
        <Select
          label={ranks ? 'Add a re-ranker or limit' : 'Add a wrapper'}
          placeholder="Choose"
          data={left.map(({ key, title }) => ({ value: key, label: title }))}
          value={null}
          onChange={(key) => {
            if (key !== null) add(key);
          }}
        />
      </Stack>
    </Fieldset>
  );
}

interface WornCardProps {
  worn: Worn;
  wrapper: RegisteredWrapper | undefined;
  change: (params: Worn['params']) => void;
  remove: () => void;
}

function WornCard({ worn, wrapper, change, remove }: WornCardProps): ReactElement {
  const title = wrapper?.title ?? worn.key;
  return (
    <Paper withBorder p="sm" role="group" aria-label={title}>
      <Group justify="space-between" mb="xs" wrap="nowrap" align="flex-start">
        <div>
          <Text fw={620} size="sm">
            {title}
          </Text>
          <Text size="sm" c="dimmed">
            {wrapper?.summary}
          </Text>
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${title}`} onClick={remove}>
          <Icon name="cross" size={14} />
        </ActionIcon>
      </Group>
      <SchemaForm schema={wrapper?.paramsSchema} values={worn.params} onChange={change} />
    </Paper>
  );
}
