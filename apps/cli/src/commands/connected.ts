import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';

/** The options of every command that speaks to a running installation. */
export const connected = (command: Command): Command =>
  command
    .option('--url <url>', 'base URL of the API (default: that of the running installation)')
    .option('--key <key>', 'admin key (default: that of the running installation)')
    .option('--json', 'print one JSON document');

/** Parser for commander. @throws InvalidArgumentError with one sentence. */
export function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new InvalidArgumentError('a JSON object is needed');
  return value as Record<string, unknown>;
}
