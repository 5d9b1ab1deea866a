import { Button, Menu } from '@mantine/core';
import type { ReactElement } from 'react';
import { useState } from 'react';
import { VIEWS_PATH, useViews, viewPath } from '../../api/experiment-list.js';
import type { SavedView } from '../../api/experiment-list.js';
import { useWrite } from '../../api/mutations.js';
import { Icon } from '../../ui/icon.js';
import { EVERYTHING, sameQuery } from './filter.js';
import type { Filter } from './filter.js';
import { ViewDialog } from './view-dialog.js';
import { ViewsDialog } from './views-dialog.js';

/** Saved views of the list: opens them, saves the present filter, and leads to the rest. */
export function ViewsMenu({ filter }: { filter: Filter }): ReactElement {
  const views = useViews().data?.items ?? [];
  const [doing, setDoing] = useState<'save' | 'manage' | null>(null);
  const write = useWrite([VIEWS_PATH]);
  const current = views.find(({ id }) => id === filter.view);
  const changed = current !== undefined && !sameQuery(current.query, filter.value);
  const close = (): void => setDoing(null);
  return (
    <>
      <Menu position="bottom-start" withinPortal>
        <Menu.Target>
          <Button variant="default" leftSection={<Icon name="table" size={14} />}>
            {current === undefined ? 'All experiments' : `${current.name}${changed ? ', changed' : ''}`}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => filter.open({ id: EVERYTHING, query: {} })}>All experiments</Menu.Item>
          <Section title="Shared" views={views.filter(({ shared }) => shared)} filter={filter} />
          <Section title="Mine" views={views.filter(({ shared }) => !shared)} filter={filter} />
          <Menu.Divider />
          {changed ? (
            <Menu.Item
              onClick={() =>
                write.mutate({ path: viewPath(current.id), method: 'PATCH', body: { query: filter.value } })
              }
            >
              Save the change to “{current.name}”
            </Menu.Item>
          ) : null}
          <Menu.Item onClick={() => setDoing('save')}>Save as a view…</Menu.Item>
          {views.length === 0 ? null : (
            <Menu.Item onClick={() => setDoing('manage')}>Manage views…</Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {write.error === null ? null : <span role="alert">{write.error.message}</span>}
      {doing === 'save' ? (
        <ViewDialog view={null} query={filter.value} close={close} saved={filter.open} />
      ) : null}
      {doing === 'manage' ? <ViewsDialog views={views} close={close} /> : null}
    </>
  );
}

interface SectionProps {
  title: string;
  views: readonly SavedView[];
  filter: Filter;
}

function Section({ title, views, filter }: SectionProps): ReactElement | null {
  if (views.length === 0) return null;
  return (
    <>
      <Menu.Label>{title}</Menu.Label>
      {views.map((view) => (
        <Menu.Item key={view.id} onClick={() => filter.open(view)}>
          {view.name}
          {view.isDefault ? ' (opens first)' : ''}
        </Menu.Item>
      ))}
    </>
  );
}
