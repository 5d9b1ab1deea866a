import { defineCheck } from './define-check.js';

const WARN_SECONDS = 300;
const FAIL_SECONDS = 3600;

export const ingestLagCheck = defineCheck({
  key: 'ingest-lag',
  title: 'Data up to date',
  description: 'How far the results are behind what clients have sent.',
  rule: 'Warns when the results are more than 5 minutes behind, fails and blocks from an hour on: what is missing need not be the same in every arm.',
  threshold: WARN_SECONDS,
  warning: 'LAG',
  causes: ['Workers are down or too few', 'The database is slow or was away', 'A burst of traffic'],
  next: ['Look at Operations: queue, spool and processes', 'Read the results as of the time that is stated'],
  judge({ ingestLagSeconds: lag }) {
    if (lag === undefined) return null;
    const minutes = Math.floor(lag / 60);
    const status = lag > FAIL_SECONDS ? 'fail' : lag > WARN_SECONDS ? 'warn' : 'pass';
    return {
      status,
      blocks: status === 'fail',
      value: Math.round(lag),
      threshold: status === 'fail' ? FAIL_SECONDS : WARN_SECONDS,
      explanation:
        status === 'pass'
          ? `Results are ${Math.round(lag)} seconds behind.`
          : `Results are ${minutes} minutes behind what was received.`,
    };
  },
});
