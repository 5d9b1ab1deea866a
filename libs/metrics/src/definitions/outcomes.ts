/** Names of the outcomes that the product's metrics know. Others may be sent and are stored. */
export const OUTCOME_NAMES = [
  'click',
  'play',
  /** value: seconds watched */
  'watch',
  'complete',
  'pause',
  'skip',
  'replay',
  'search',
  'search_success',
  /** value: the rating given */
  'rating',
  'thumbs_up',
  'thumbs_down',
  'list_add',
  'notification_opened',
  'session_start',
  'cancel',
] as const;

export type OutcomeName = (typeof OUTCOME_NAMES)[number];

/** Something wrong with a metric as defined. */
export interface MetricFault {
  /** Path of the field, e.g. `numerator/events`. */
  readonly field: string;
  readonly message: string;
}
