import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
} from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { useExperiments } from '../../api/queries.js';
import { percent } from '../../format/index.js';
import { Icon } from '../../ui/icon.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import type { ExperimentDraft } from './draft.js';
import { freeShare, layerNote, otherUnit } from './layers.js';
import type { SectionProps } from './section-props.js';
import styles from './form.module.css';

const MOST_LAYERS = 10;
const MOST_PREREQUISITES = 10;
const SLOT_MINUTES = 240;
const NEEDABLE: ReadonlySet<string> = new Set(['draft', 'scheduled', 'running', 'paused', 'shipped']);
const ZONES = Intl.supportedValuesOf('timeZone');

/** What few experiments need: further layers, arms of other experiments, arms that switch with time. */
export function AssigningSection(props: SectionProps): ReactElement {
  return (
    <Panel title="Layers, prerequisites, switching" note="Most experiments need none of it.">
      <Stack gap="lg">
        <FurtherLayers {...props} />
        <Prerequisites {...props} />
        <SwitchbackFields {...props} />
      </Stack>
    </Panel>
  );
}

interface RowsProps {
  title: string;
  explain: string;
  add: string;
  onAdd: (() => void) | null;
  children: ReactNode;
}

function Rows({ title, explain, add, onAdd, children }: RowsProps): ReactElement {
  return (
    <div role="group" aria-label={title}>
      <Text size="sm" fw={500}>
        {title}
      </Text>
      <Text size="xs" c="dimmed" mb="xs">
        {explain}
      </Text>
      <Stack gap="sm">
        {children}
        <Button
          variant="default"
          size="compact-sm"
          style={{ alignSelf: 'flex-start' }}
          leftSection={<Icon name="plus" size={14} />}
          disabled={onAdd === null}
          onClick={onAdd ?? undefined}
        >
          {add}
        </Button>
      </Stack>
    </div>
  );
}

function Remove({ label, onClick }: { label: string; onClick: () => void }): ReactElement {
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" mt={25} aria-label={label} onClick={onClick}>
      <Icon name="trash" />
    </ActionIcon>
  );
}

/** A list with one entry changed, or without it. */
const withEntry = <T,>(list: readonly T[], at: number, next: Partial<T> | null): T[] =>
  list.flatMap((entry, i) => (i !== at ? [entry] : next === null ? [] : [{ ...entry, ...next }]));

function FurtherLayers({ draft, set, problems, layers }: SectionProps): ReactElement {
  const { otherLayers } = draft;
  const taken = new Set([draft.layer, ...otherLayers.map(({ layer }) => layer)]);
  const free = layers.filter((layer) => !taken.has(layer.key) && otherUnit(layer, draft) === null);
  const change = (at: number, next: Partial<ExperimentDraft['otherLayers'][number]> | null): void =>
    set({ otherLayers: withEntry(otherLayers, at, next) });
  return (
    <Rows
      title="Further layers"
      explain="It then never meets the experiments of those layers either; units must be inside its part of each."
      add="Add layer"
      onAdd={
        free.length === 0 || otherLayers.length >= MOST_LAYERS
          ? null
          : () => set({ otherLayers: [...otherLayers, { layer: free[0]?.key ?? '', percent: null }] })
      }
    >
      {otherLayers.map(({ layer, percent: share }, at) => (
        <Group key={layer} align="flex-start" gap="md" wrap="wrap">
          <Select
            label="Further layer"
            className={styles.armName ?? ''}
            allowDeselect={false}
            error={problems[`/otherLayers/${at}/layer`]}
            data={layers
              .filter(({ key }) => key === layer || !taken.has(key))
              .map((one) => ({
                value: one.key,
                label: layerNote(one, draft, percent(freeShare(one), 0)),
                disabled: otherUnit(one, draft) !== null,
              }))}
            value={layer}
            onChange={(next) => change(at, { layer: next ?? layer })}
          />
          <NumberInput
            label="Share of it"
            placeholder="its largest free part"
            suffix=" %"
            w={190}
            min={0.1}
            max={100}
            value={share ?? ''}
            onChange={(next) => change(at, { percent: typeof next === 'number' ? next : null })}
          />
          <Remove label={`Remove the layer ${layer}`} onClick={() => change(at, null)} />
        </Group>
      ))}
    </Rows>
  );
}

function Prerequisites({ draft, set, problems }: SectionProps): ReactElement {
  const { prerequisites } = draft;
  const query = useExperiments();
  const others = (query.data?.items ?? []).filter(
    ({ status, key }) => NEEDABLE.has(status) && key !== draft.key,
  );
  const change = (at: number, next: Partial<ExperimentDraft['prerequisites'][number]> | null): void =>
    set({ prerequisites: withEntry(prerequisites, at, next) });
  return (
    <Rows
      title="Prerequisites"
      explain="Only units that are in these arms of experiments on other surfaces take part."
      add="Add prerequisite"
      onAdd={
        others.length === 0 || prerequisites.length >= MOST_PREREQUISITES
          ? null
          : () => set({ prerequisites: [...prerequisites, { experiment: '', arms: [] }] })
      }
    >
      {prerequisites.map(({ experiment, arms }, at) => (
        // A row has no name of its own until one is chosen, and all of it comes from the draft.
        <Group key={at} align="flex-start" gap="md" wrap="wrap">
          <Select
            label="Experiment"
            searchable
            className={styles.armName ?? ''}
            placeholder="Choose one"
            error={problems[`/prerequisites/${at}/experiment`]}
            data={others.map(({ key, title }) => ({ value: key, label: `${title} (${key})` }))}
            value={experiment || null}
            onChange={(next) => change(at, { experiment: next ?? '', arms: [] })}
          />
          <MultiSelect
            label="In one of its arms"
            searchable
            className={styles.armName ?? ''}
            error={problems[`/prerequisites/${at}/arms`]}
            data={(others.find(({ key }) => key === experiment)?.arms ?? []).map(({ key, title }) => ({
              value: key,
              label: title,
            }))}
            value={arms}
            onChange={(next) => change(at, { arms: next })}
          />
          <Remove
            label={`Remove the prerequisite ${experiment || at + 1}`}
            onClick={() => change(at, null)}
          />
        </Group>
      ))}
    </Rows>
  );
}

function SwitchbackFields({ draft, set, problems }: SectionProps): ReactElement {
  const { switchback } = draft;
  return (
    <div role="group" aria-label="Switchback">
      <Switch
        label="Arms switch with time (switchback)"
        description="For changes whose units influence each other: all of a unit, such as a market, gets one arm for a slot of time."
        checked={switchback !== null}
        onChange={(event) =>
          set(
            event.currentTarget.checked
              ? {
                  switchback: { slotMinutes: SLOT_MINUTES, washOutMinutes: 0, timeZone: '' },
                  unitType: 'market',
                  clusterBy: null,
                }
              : { switchback: null },
          )
        }
      />
      {switchback === null ? null : (
        <div className={layout.fields}>
          <NumberInput
            mt="sm"
            label="Length of a slot"
            description="Long enough for what one arm did to wear off"
            suffix=" minutes"
            min={5}
            max={10_080}
            allowDecimal={false}
            error={problems['/switchback']}
            value={switchback.slotMinutes}
            onChange={(next) =>
              set({ switchback: { ...switchback, slotMinutes: typeof next === 'number' ? next : 0 } })
            }
          />
          <NumberInput
            mt="sm"
            label="Wash-out"
            description="Start of a slot that does not count, while the slot before wears off"
            suffix=" minutes"
            min={0}
            max={10_079}
            allowDecimal={false}
            error={problems['/switchback/washOutMinutes']}
            value={switchback.washOutMinutes}
            onChange={(next) =>
              set({ switchback: { ...switchback, washOutMinutes: typeof next === 'number' ? next : 0 } })
            }
          />
          <Select
            mt="sm"
            label="Time zone"
            description="By whose clocks slots begin"
            searchable
            clearable
            placeholder="UTC"
            limit={60}
            data={ZONES}
            value={switchback.timeZone || null}
            onChange={(next) => set({ switchback: { ...switchback, timeZone: next ?? '' } })}
          />
        </div>
      )}
    </div>
  );
}
