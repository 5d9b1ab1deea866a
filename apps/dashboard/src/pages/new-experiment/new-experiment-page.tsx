import type { ReactElement } from 'react';
import { useCatalog, useLayers, usePolicies, useSurfaces } from '../../api/queries.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { ExperimentForm } from './experiment-form.js';

/** One page from idea to running experiment; everything on offer comes from the registries. */
export function NewExperimentPage(): ReactElement {
  const catalog = useCatalog();
  const surfaces = useSurfaces();
  const layers = useLayers();
  const policies = usePolicies();
  return (
    <>
      <PageHeader
        title="New experiment"
        parent={{ to: '/experiments', label: 'Experiments' }}
        meta="Nobody is assigned before you start it."
      />
      <QueryBoundary query={catalog} what="registries" lines={8}>
        {(registries) => (
          <QueryBoundary query={surfaces} what="surfaces">
            {(surfacePage) => (
              <ExperimentForm
                catalog={registries}
                surfaces={surfacePage.items}
                layers={layers.data?.items ?? []}
                policies={policies.data?.items ?? []}
              />
            )}
          </QueryBoundary>
        )}
      </QueryBoundary>
    </>
  );
}
