import { createRegistry } from '#experiments';
import type { MetricDefinition } from '../contract.js';
import { approval } from './approval.metric.js';
import { cancellations } from './cancellations.metric.js';
import { clickThrough } from './click-through.metric.js';
import { completion } from './completion.metric.js';
import { pausesPerPlay } from './pauses-per-play.metric.js';
import { daysWithoutCancellation } from './days-without-cancellation.metric.js';
import { eveningWatchMinutes } from './evening-watch-minutes.metric.js';
import { listAdds } from './list-adds.metric.js';
import { meanRating } from './mean-rating.metric.js';
import { notificationOpens } from './notification-opens.metric.js';
import { replaysPerPlay } from './replays-per-play.metric.js';
import { searchToPlay } from './search-to-play.metric.js';
import { tvWatchMinutes } from './tv-watch-minutes.metric.js';
import { watchMinutesP90 } from './watch-minutes-p90.metric.js';
import { playRate } from './play-rate.metric.js';
import { searchSuccess } from './search-success.metric.js';
import { sessionsPerWeek } from './sessions-per-week.metric.js';
import { skipsPerPlay } from './skips-per-play.metric.js';
import { watchMinutes } from './watch-minutes.metric.js';
import {
  retentionDay1,
  retentionDay28,
  retentionDay7,
  retentionWeek2,
  rollingRetentionDay7,
} from './retention.metric.js';

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
  replaysPerPlay,
  meanRating,
  listAdds,
  notificationOpens,
  daysWithoutCancellation,
  watchMinutesP90,
  searchToPlay,
  eveningWatchMinutes,
  tvWatchMinutes,
  retentionWeek2,
  rollingRetentionDay7,
];

export const metricRegistry = createRegistry('metric', metrics);
