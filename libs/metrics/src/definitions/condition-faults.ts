import type { EventCondition } from '../contract.js';
import type { MetricFault } from './outcomes.js';

const NUMBERS = new Set(['value', 'position', 'hour']);
const ORDERED = new Set(['lt', 'lte', 'gt', 'gte']);

type Fault = string | null;

function listFault({ field, op, value }: EventCondition): Fault {
  if (!Array.isArray(value) || value.length === 0) return `"${op}" takes a list of values`;
  const numbers = value.every((one) => typeof one === 'number');
  return NUMBERS.has(field) && !numbers ? `${field} is compared with numbers` : null;
}

function singleFault({ field, op, value }: EventCondition): Fault {
  if (value === undefined || typeof value === 'object') return `"${op}" takes one value`;
  if (typeof value === 'number' && Number.isFinite(value)) return null;
  if (ORDERED.has(op)) return `"${op}" takes a number`;
  return NUMBERS.has(field) ? `${field} is compared with numbers` : null;
}

function faultOf(condition: EventCondition): Fault {
  const { op, value } = condition;
  if (op === 'exists' || op === 'notExists') return value === undefined ? null : `"${op}" takes no value`;
  return op === 'in' || op === 'notIn' ? listFault(condition) : singleFault(condition);
}

/** What is wrong with one condition on events; `at` is its place in the definition. */
export function conditionFaults(at: string, condition: EventCondition): MetricFault[] {
  const message = faultOf(condition);
  return message === null ? [] : [{ field: `${at}/value`, message }];
}
