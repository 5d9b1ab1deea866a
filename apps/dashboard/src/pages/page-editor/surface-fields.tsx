import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Json, Surface } from '../../api/types.js';
import layoutStyles from '../../ui/layout.module.css';
import { Panel } from '../../ui/panel.js';
import type { SectionProps } from './draft.js';

interface SurfaceFieldsProps extends SectionProps {
  surfaces: readonly Surface[];
}

/** What stands on the page: rows, titles in them, artwork for the first. */
export function SurfaceFields({ layout, set, problems, surfaces }: SurfaceFieldsProps): ReactElement {
  const { rows, titles, artwork } = layout;
  const offered = (kind: Surface['kind']) =>
    surfaces
      .filter((surface) => surface.kind === kind && surface.candidateKind !== null)
      .map(({ key, title }) => ({ value: key, label: title }));
  const number = (
    label: string,
    pointer: string,
    value: number,
    most: number,
    change: (value: number) => void,
  ): ReactElement => (
    <NumberInput
      label={label}
      min={1}
      max={most}
      clampBehavior="none"
      allowDecimal={false}
      value={value}
      error={problems[pointer]}
      onChange={(next) => change(typeof next === 'number' ? next : 0)}
    />
  );
  return (
    <Panel
      title="Rows, titles and artwork"
      note="Each is decided on a surface of its own: by its experiments, else in the default order."
    >
      <div className={layoutStyles.fields}>
        <Select
          label="Surface of the rows"
          data={offered('slate')}
          value={rows.surface || null}
          error={problems['/layout/rows/surface']}
          onChange={(surface) => set({ rows: { ...rows, surface: surface ?? '' } })}
        />
        {number('Rows at most', '/layout/rows/limit', rows.limit, 40, (limit) =>
          set({ rows: { ...rows, limit } }),
        )}
        <Select
          label="Surface of the titles"
          data={offered('slate')}
          value={titles.surface || null}
          error={problems['/layout/titles/surface']}
          onChange={(surface) => set({ titles: { ...titles, surface: surface ?? '' } })}
        />
        {number('Titles of a row at most', '/layout/titles/limit', titles.limit, 100, (limit) =>
          set({ titles: { ...titles, limit } }),
        )}
        {number('Candidates of a row', '/layout/titles/candidates', titles.candidates, 1000, (candidates) =>
          set({ titles: { ...titles, candidates } }),
        )}
        {number('Candidates that a row needs', '/layout/titles/least', titles.least, 100, (least) =>
          set({ titles: { ...titles, least } }),
        )}
        <Select
          label="Surface of the artwork"
          placeholder="none is chosen"
          clearable
          data={offered('action')}
          value={artwork?.surface ?? null}
          error={problems['/layout/artwork/surface']}
          onChange={(surface) =>
            set({ artwork: surface === null ? null : { surface, places: artwork?.places ?? 4 } })
          }
        />
        {artwork === null
          ? null
          : number('Titles with chosen artwork', '/layout/artwork/places', artwork.places, 100, (places) =>
              set({ artwork: { ...artwork, places } }),
            )}
      </div>
    </Panel>
  );
}

/** Names of features and attributes that the hard filters read, as they are unless a page says otherwise. */
const FILTERS = [
  { name: 'from', label: 'Available from, feature', usual: 'availableFrom' },
  { name: 'until', label: 'Available until, feature', usual: 'availableUntil' },
  { name: 'countries', label: 'Countries, feature', usual: 'countries' },
  { name: 'country', label: 'Country, attribute', usual: 'country' },
  { name: 'maturity', label: 'Age rating, feature', usual: 'maturity' },
  { name: 'maturityLimit', label: 'Highest rating, attribute', usual: 'maturityLimit' },
] as const;
const ANYBODY = 120;

/** What is left out before anything is decided. */
export function LimitFields({ layout, set, problems }: SectionProps): ReactElement {
  const { filters, unique } = layout;
  const change = (name: string, value: Json): void => set({ filters: { ...filters, [name]: value } });
  return (
    <Panel title="Left out before anything is decided">
      <div className={layoutStyles.stack}>
        <Switch
          label="Show nothing twice"
          description="A title that stands in a row is left out of the rows below."
          checked={unique}
          onChange={(event) => set({ unique: event.currentTarget.checked })}
        />
        <Switch
          label="Hard filters"
          description="What is not available now, not licensed in the member’s country, or rated too high stands in no row."
          checked={filters !== null}
          error={problems['/layout/filters']}
          onChange={(event) => set({ filters: event.currentTarget.checked ? {} : null })}
        />
        {filters === null ? null : (
          <div className={layoutStyles.fields}>
            {FILTERS.map(({ name, label, usual }) => (
              <TextInput
                key={name}
                label={label}
                value={String(filters[name] ?? usual)}
                onChange={(event) => change(name, event.currentTarget.value)}
              />
            ))}
            <NumberInput
              label="Rating for who sends no limit"
              min={0}
              max={ANYBODY}
              value={Number(filters['maturityDefault'] ?? ANYBODY)}
              onChange={(value) => change('maturityDefault', typeof value === 'number' ? value : ANYBODY)}
            />
          </div>
        )}
      </div>
    </Panel>
  );
}
