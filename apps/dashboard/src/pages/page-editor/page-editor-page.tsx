import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import { Link, useParams } from 'react-router';
import { query } from '../../api/http.js';
import { usePage } from '../../api/pages.js';
import { useSurfaces } from '../../api/queries.js';
import { PageHeader } from '../../ui/page-header.js';
import { QueryBoundary } from '../../ui/query-boundary.js';
import { newPage } from './draft.js';
import { PageEditor } from './page-editor.js';

const PARENT = { to: '/settings/surfaces', label: 'Pages' };

/** A page that is not there yet. */
export function NewPagePage(): ReactElement {
  return (
    <>
      <PageHeader
        title="New page"
        parent={PARENT}
        meta="Apps ask for a page as a whole: rows, titles and artwork."
      />
      <QueryBoundary query={useSurfaces()} what="surfaces" lines={8}>
        {({ items }) => <PageEditor surfaces={items} page={newPage(items)} />}
      </QueryBoundary>
    </>
  );
}

/** What stands on a page, and the page as somebody would get it, beside. */
export function EditPagePage(): ReactElement {
  const { key = '' } = useParams();
  const page = usePage(key);
  const surfaces = useSurfaces();
  return (
    <>
      <PageHeader
        title={page.data?.title ?? key}
        parent={PARENT}
        meta="Changes are served within seconds of being saved, and stand in the audit log."
        actions={
          <Button component={Link} variant="default" to={`/preview/page${query({ page: key })}`}>
            Compare policies on it
          </Button>
        }
      />
      <QueryBoundary query={surfaces} what="surfaces" lines={8}>
        {({ items }) => (
          <QueryBoundary query={page} what="page" lines={8}>
            {(data) => <PageEditor key={data.key} surfaces={items} page={data} />}
          </QueryBoundary>
        )}
      </QueryBoundary>
    </>
  );
}
