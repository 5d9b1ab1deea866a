import { Button, Menu } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { query, requestFile, segment } from '../../api/http.js';
import { reportParams } from '../../api/queries.js';
import type { Report } from '../../api/types.js';
import { download } from '../../charts/download.js';
import { Icon } from '../../ui/icon.js';
import type { ReportView } from './report-choice.js';

const FORMATS = [
  { key: 'csv', title: 'CSV, one row per metric and arm' },
  { key: 'json', title: 'JSON, the whole report' },
  { key: 'ipynb', title: 'Notebook that recomputes every figure' },
] as const;

/** The report in view as a file, at full precision. */
export function ExportMenu({ report, view }: { report: Report; view: ReportView }): ReactElement {
  const save = useMutation({
    mutationFn: async (format: string) => {
      const choice = { format, ...reportParams(view.choice) };
      const file = await requestFile(
        `/v1/experiments/${segment(report.experiment)}/report/export${query(choice)}`,
      );
      download(file.name, file.data);
    },
  });
  return (
    <>
      {save.isError ? <span role="alert">Export failed: {save.error.message}</span> : null}
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            loading={save.isPending}
            leftSection={<Icon name="download" size={14} />}
          >
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map(({ key, title }) => (
            <Menu.Item key={key} onClick={() => save.mutate(key)}>
              {title}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
