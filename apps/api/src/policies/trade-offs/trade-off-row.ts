import type { Json } from '#experiments';
import type { TradeOffSetting } from '#policies';
import type { TradeOffResult } from './study.js';
import type { TradeOffBody } from './trade-off.schemas.js';

/** Table `trade_off_run`. */
export interface TradeOffRow {
  readonly id: string;
  readonly policy_id: string;
  readonly status: 'queued' | 'running' | 'succeeded' | 'failed';
  readonly progress: number;
  readonly actor: string;
  readonly settings: Omit<TradeOffBody, 'alsoTry'> & Partial<Pick<TradeOffBody, 'alsoTry'>>;
  readonly result: TradeOffResult | null;
  readonly error: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

export interface TradeOffView {
  readonly id: string;
  readonly policyId: string;
  readonly status: TradeOffRow['status'];
  readonly progress: number;
  readonly actor: string;
  readonly settings: TradeOffRow['settings'];
  readonly result: TradeOffResult | null;
  readonly error: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export const toTradeOffView = (row: TradeOffRow): TradeOffView => ({
  id: row.id,
  policyId: row.policy_id,
  status: row.status,
  progress: row.progress,
  actor: row.actor,
  settings: row.settings,
  result: row.result,
  error: row.error,
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
});

interface Worn {
  readonly key?: Json;
  readonly params?: TradeOffSetting;
}

/** The wrappers of a policy without the re-ranker trade-off, and its setting where there is one. */
export function withoutTradeOff(params: Readonly<Record<string, Json>>): {
  readonly params: Readonly<Record<string, Json>>;
  readonly setting: TradeOffSetting | null;
} {
  const worn = (Array.isArray(params['wrappers']) ? params['wrappers'] : []) as readonly Worn[];
  const mine = worn.find(({ key }) => key === 'trade-off');
  if (!mine) return { params, setting: null };
  const others = worn.filter((one) => one !== mine) as unknown as Json;
  return { params: { ...params, wrappers: others }, setting: mine.params ?? {} };
}

/** The policy's parameters with another setting; pins stay outermost. */
export function withTradeOff(
  params: Readonly<Record<string, Json>>,
  setting: TradeOffSetting,
): Readonly<Record<string, Json>> {
  const bare = withoutTradeOff(params).params;
  const worn = (Array.isArray(bare['wrappers']) ? bare['wrappers'] : []) as readonly Worn[];
  const one = { key: 'trade-off', params: setting };
  const pins = worn.filter(({ key }) => key === 'pins');
  const others = worn.filter(({ key }) => key !== 'pins');
  return { ...bare, wrappers: [...others, one, ...pins] as unknown as Json };
}
