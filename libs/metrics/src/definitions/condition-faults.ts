import type { EventCondition } from '../contract.js';
import type { MetricFault } from './outcomes.js';

const NUMBERS = new Set(['value', 'position', 'hour']);
const ORDERED = new Set(['lt', 'lte', 'gt', 'gte']);

/** What is wrong with one condition on events; `at` is its place in the definition. */
export function conditionFaults(at: string, { field, op, value }: EventCondition): MetricFault[] {
  const fault = (message: string): MetricFault[] => [{ field: `${at}/value`, message }];
  if (op === 'exists' || op === 'notExists')
    return value === undefined ? [] : fault(`"${op}" takes no value`);
  if (op === 'in' || op === 'notIn') {
    if (!Array.isArray(value) || value.length === 0) return fault(`"${op}" takes a list of values`);
    return NUMBERS.has(field) && value.some((one) => typeof one !== 'number')
      ? fault(`${field} is compared with numbers`)
      : [];
  }
  if (value === undefined || typeof value === 'object') return fault(`"${op}" takes one value`);
  if ((ORDERED.has(op) || NUMBERS.has(field)) && !(typeof value === 'number' && Number.isFinite(value)))
    return fault(ORDERED.has(op) ? `"${op}" takes a number` : `${field} is compared with numbers`);
  return [];
}
