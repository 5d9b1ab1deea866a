import { Select, TextInput } from '@mantine/core';
import type { ReactElement } from 'react';
import type { SurfaceKind } from '../../api/types.js';
import { slug } from '../../format/slug.js';
import { JsonInputField } from '../../ui/json-field.js';
import layout from '../../ui/layout.module.css';
import type { SectionProps } from './section-props.js';
import { NEW_SURFACE } from './surfaces.js';
import type { SurfaceDraft } from './surfaces.js';

const SURFACE = { value: 'Gives a value', action: 'Picks one action', slate: 'Orders many items' } as const;

/** Where it shows: a surface that apps ask for already, or a new one. */
export function SurfaceFields({ draft, set, problems, surfaces }: SectionProps): ReactElement {
  const chosen = surfaces.find((entry) => entry.key === draft.surface);
  const isNew = draft.surface === NEW_SURFACE;
  return (
    <>
      {surfaces.length === 0 ? null : (
        <Select
          label="Surface"
          required
          searchable
          placeholder="Where it shows"
          nothingFoundMessage="No such surface"
          error={isNew ? undefined : problems['/surface']}
          data={[
            ...surfaces.map(({ key, title }) => ({ value: key, label: `${title} (${key})` })),
            { value: NEW_SURFACE, label: 'A new surface' },
          ]}
          value={draft.surface || null}
          onChange={(value) => set({ surface: value ?? '' })}
          description={chosen === undefined ? undefined : SURFACE[chosen.kind]}
        />
      )}
      {isNew ? (
        <NewSurface
          surface={draft.newSurface}
          change={(next) => set({ newSurface: { ...draft.newSurface, ...next } })}
          problem={problems['/surface']}
        />
      ) : null}
    </>
  );
}

interface NewSurfaceProps {
  surface: SurfaceDraft;
  change: (next: Partial<SurfaceDraft>) => void;
  problem: string | undefined;
}

function NewSurface({ surface, change, problem }: NewSurfaceProps): ReactElement {
  const key = slug(surface.title);
  return (
    <div role="group" aria-label="New surface" className={layout.fields}>
      <TextInput
        label="New surface"
        required
        description={key === '' ? 'The place in the product where it shows' : `Apps ask for "${key}"`}
        error={problem}
        value={surface.title}
        onChange={(event) => change({ title: event.currentTarget.value })}
      />
      <Select
        label="What it does"
        description="Apps get a value, one action, or an order"
        allowDeselect={false}
        data={Object.entries(SURFACE).map(([value, label]) => ({ value, label }))}
        value={surface.kind}
        onChange={(kind) => change({ kind: (kind ?? 'value') as SurfaceKind })}
      />
      {surface.kind === 'value' ? (
        <JsonInputField
          label="Default"
          description="What everybody else gets; empty: null"
          minRows={1}
          value={surface.defaultValue}
          onChange={(defaultValue) => change({ defaultValue })}
        />
      ) : (
        <TextInput
          label="Kind of items"
          description="Empty: sent with each request"
          value={surface.candidateKind}
          onChange={(event) => change({ candidateKind: event.currentTarget.value })}
        />
      )}
    </div>
  );
}
