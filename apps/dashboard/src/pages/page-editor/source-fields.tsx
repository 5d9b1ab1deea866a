import { Alert, Button, Fieldset, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { RowSource } from '../../api/pages.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { needsOf, withFrom } from './draft.js';
import type { SectionProps } from './draft.js';

const FROM: readonly { value: RowSource['from']; label: string }[] = [
  { value: 'match', label: 'Titles that share a value with the row' },
  { value: 'context', label: 'Titles that the app sends (such as what is unfinished)' },
  { value: 'alike', label: 'Titles like the newest of the history' },
  { value: 'newest', label: 'The newest titles' },
  { value: 'all', label: 'Every title' },
];

/** Kinds of row: for rows with a value of a feature, where their titles come from. The first that fits counts. */
export function SourceFields({ layout, set, problems }: SectionProps): ReactElement {
  const { sources } = layout;
  const replace = (index: number, source: RowSource): void =>
    set({ sources: sources.map((one, i) => (i === index ? source : one)) });
  return (
    <Panel
      title="Kinds of row"
      note="Where the titles of a row come from. The first kind that fits a row counts; a row of no kind may show every title."
    >
      <Stack gap="sm">
        {sources.length === 0 ? (
          <Text size="sm" c="dimmed">
            No kinds: every row may show every title.
          </Text>
        ) : null}
        {sources.map((source, index) => (
          <Source
            key={index}
            {...{ source, index, problems }}
            change={(next) => replace(index, next)}
            remove={() => set({ sources: sources.filter((_, i) => i !== index) })}
            up={
              index === 0
                ? undefined
                : () =>
                    set({
                      sources: sources.map((one, i) =>
                        i === index - 1 ? source : i === index ? (sources[index - 1] as RowSource) : one,
                      ),
                    })
            }
          />
        ))}
        {problems['/layout/sources'] === undefined ? null : (
          <Alert color="orange" variant="light" role="alert">
            {problems['/layout/sources']}
          </Alert>
        )}
        <Group>
          <Button
            variant="default"
            onClick={() =>
              set({
                sources: [
                  ...sources,
                  { rows: { feature: 'row', value: '' }, from: 'match', feature: 'genres' },
                ],
              })
            }
          >
            Add a kind of row
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}

interface SourceProps {
  source: RowSource;
  index: number;
  problems: SectionProps['problems'];
  change: (source: RowSource) => void;
  remove: () => void;
  /** Absent: it is the first. */
  up: (() => void) | undefined;
}

function Source({ source, index, problems, change, remove, up }: SourceProps): ReactElement {
  const at = (field: string): string | undefined => problems[`/layout/sources/${index}/${field}`];
  const { from, rows } = source;
  const needs = needsOf(from);
  return (
    <Fieldset legend={`Kind ${index + 1}`}>
      <div className={layoutStyles.fields}>
        <Select
          label="For"
          data={[
            { value: 'value', label: 'Rows with a value of a feature' },
            { value: 'rest', label: 'All other rows' },
          ]}
          allowDeselect={false}
          value={rows === null ? 'rest' : 'value'}
          onChange={(value) =>
            change({ ...source, rows: value === 'rest' ? null : { feature: 'row', value: '' } })
          }
        />
        {rows === null ? null : (
          <>
            <TextInput
              label="Feature of the row"
              value={rows.feature}
              error={at('rows/feature')}
              onChange={(event) =>
                change({ ...source, rows: { ...rows, feature: event.currentTarget.value } })
              }
            />
            <TextInput
              label="Value of the row"
              value={rows.value}
              error={at('rows/value')}
              onChange={(event) => change({ ...source, rows: { ...rows, value: event.currentTarget.value } })}
            />
          </>
        )}
        <Select
          label="Its titles are"
          data={FROM}
          allowDeselect={false}
          value={from}
          onChange={(value) => change(withFrom(source, (value ?? 'all') as RowSource['from']))}
        />
        {needs === null ? null : (
          <TextInput
            label={needs === 'feature' ? 'Feature of the titles' : 'Attribute with their ids'}
            value={source[needs] ?? ''}
            error={at(needs)}
            onChange={(event) => change({ ...source, [needs]: event.currentTarget.value })}
          />
        )}
        {from === 'match' ? (
          <TextInput
            label="Name in the row"
            placeholder="the same"
            value={source.of ?? ''}
            error={at('of')}
            onChange={(event) => {
              const { of: _of, ...rest } = source;
              const of = event.currentTarget.value;
              change(of === '' ? rest : { ...rest, of });
            }}
          />
        ) : null}
      </div>
      <Group mt="sm" gap="xs">
        <Button variant="subtle" size="compact-sm" aria-label={`Remove kind ${index + 1}`} onClick={remove}>
          Remove
        </Button>
        {up === undefined ? null : (
          <Button variant="subtle" size="compact-sm" aria-label={`Move kind ${index + 1} up`} onClick={up}>
            Move up
          </Button>
        )}
      </Group>
    </Fieldset>
  );
}
