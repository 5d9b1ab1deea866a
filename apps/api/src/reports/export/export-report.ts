import type { LiftReport } from '../lift-reports.js';
import { reportNotebook } from './notebook.js';
import { reportCsv } from './report-table.js';

export interface ExportedFile {
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

interface Format {
  readonly extension: string;
  readonly type: string;
  write(report: LiftReport): string;
}

/** Every format of a report. Adding one is an entry here. */
export const EXPORT_FORMATS = {
  csv: { extension: 'csv', type: 'text/csv; charset=utf-8; header=present', write: reportCsv },
  json: {
    extension: 'json',
    type: 'application/json; charset=utf-8',
    write: (report) => `${JSON.stringify(report, null, 2)}\n`,
  },
  ipynb: {
    extension: 'ipynb',
    type: 'application/x-ipynb+json; charset=utf-8',
    write: (report) => `${JSON.stringify(reportNotebook(report), null, 1)}\n`,
  },
} as const satisfies Record<string, Format>;

export type ExportFormat = keyof typeof EXPORT_FORMATS;

/** The report as a file. Keys of experiments are safe in file names. */
export function exportReport(report: LiftReport, format: ExportFormat): ExportedFile {
  const { extension, type, write } = EXPORT_FORMATS[format];
  const time = report.asOf.slice(0, 19).replaceAll(':', '');
  return { name: `${report.experiment}-report-${time}Z.${extension}`, type, content: write(report) };
}
