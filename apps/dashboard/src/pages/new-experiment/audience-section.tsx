import { NumberInput, Select, Stack } from '@mantine/core';
import type { ReactElement } from 'react';
import { useUnitTypes } from '../../api/audiences.js';
import { percent } from '../../format/index.js';
import layout from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import { OWN_LAYER } from './draft.js';
import { freeShare, layerNote, otherUnit } from './layers.js';
import type { SectionProps } from './section-props.js';
import { NEW_SURFACE } from './surfaces.js';
import { ReachView } from '../../ui/reach-view.js';
import { TargetingFields } from './targeting-fields.js';

/** Who takes part: targeting, traffic, layer. */
export function AudienceSection(props: SectionProps): ReactElement {
  const { draft, set, problems, layers, catalog, reach } = props;
  const types = useUnitTypes().data?.items ?? [
    { key: draft.unitType, title: draft.unitType, contextField: null },
  ];
  const units = types.map(({ key, title, contextField }) => ({
    value: key,
    label: contextField === null ? title : `${title} (${contextField})`,
  }));
  return (
    <Panel title="Who takes part">
      <Stack gap="lg">
        <TargetingFields
          targeting={draft.targeting}
          change={(targeting) => set({ targeting })}
          problem={problems['/targeting']}
          operators={catalog.conditionOperators}
          known={reach.data?.known ?? []}
        />
        <ReachView
          query={reach}
          waiting={
            draft.surface === NEW_SURFACE
              ? 'Nobody has asked for a new surface yet: how many it reaches is known once apps do.'
              : 'How many units a day it reaches is shown once the surface is chosen and the conditions are whole.'
          }
        />
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
          <Select
            label="Unit"
            description="Who is compared; in brackets the field of the context that names one"
            allowDeselect={false}
            data={units}
            error={problems['/unitType']}
            value={draft.unitType}
            onChange={(unitType) => set({ unitType: unitType ?? draft.unitType })}
          />
          <Select
            label="Assigned together"
            description="Units of one cluster get the same arm"
            clearable
            placeholder="Each by itself"
            data={units.filter(({ value }) => value !== draft.unitType)}
            error={problems['/clusterBy']}
            value={draft.clusterBy}
            onChange={(clusterBy) => set({ clusterBy })}
          />
          <Select
            label="Layer"
            description="Experiments in one layer never overlap; it deals by one kind of unit"
            required
            error={problems['/layer']}
            data={[
              { value: OWN_LAYER, label: 'A layer of its own' },
              ...layers.map((layer) => ({
                value: layer.key,
                label: layerNote(layer, draft, percent(freeShare(layer), 0)),
                disabled: freeShare(layer) === 0 || otherUnit(layer, draft) !== null,
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
