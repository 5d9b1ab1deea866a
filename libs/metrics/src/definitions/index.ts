import { createRegistry } from '#experiments';
import type { MetricDefinition } from '../contract.js';
import { approval } from './approval.metric.js';
import { cancellations } from './cancellations.metric.js';
import { clickThrough } from './click-through.metric.js';
import { completion } from './completion.metric.js';
import { pausesPerPlay } from './pauses-per-play.metric.js';
import { playRate } from './play-rate.metric.js';
import { searchSuccess } from './search-success.metric.js';
import { sessionsPerWeek } from './sessions-per-week.metric.js';
import { skipsPerPlay } from './skips-per-play.metric.js';
import { watchMinutes } from './watch-minutes.metric.js';
import { retentionDay1, retentionDay28, retentionDay7 } from './retention.metric.js';

/** Adding a metric is one file beside this one and one entry here. */
const metrics: readonly MetricDefinition[] = [
  clickThrough,
  playRate,
  watchMinutes,
  completion,
  sessionsPerWeek,
  retentionDay1,
  retentionDay7,
  retentionDay28,
  cancellations,
  searchSuccess,
  approval,
  skipsPerPlay,
  pausesPerPlay,
];

export const metricRegistry = createRegistry('metric', metrics);
