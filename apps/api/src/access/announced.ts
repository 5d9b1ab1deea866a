import type { Json } from '#experiments';
import type { Announcement } from '../persistence/announce.js';
import type { AuditEntry } from './audit.js';

/** Audit actions that are announced, and as what. */
const TYPES: Readonly<Record<string, string>> = {
  'experiment.create': 'experiment.created',
  'experiment.change': 'experiment.changed',
  'experiment.schedule': 'experiment.scheduled',
  // What was planned and is refused when its time comes, such as a start at night.
  'schedule.fail': 'experiment.schedule_failed',
  'experiment.start': 'experiment.started',
  'experiment.pause': 'experiment.paused',
  'experiment.resume': 'experiment.resumed',
  'experiment.stop': 'experiment.stopped',
  'experiment.ship': 'experiment.shipped',
  'experiment.archive': 'experiment.archived',
  'experiment.approve': 'experiment.approved',
  'policy.create': 'policy.created',
  'policy.change': 'policy.changed',
  'policy.promote': 'policy.promoted',
  'policy.rollback': 'policy.rolled_back',
  'policy.freeze': 'policy.frozen',
  'policy.unfreeze': 'policy.unfrozen',
  'policy.relearn': 'policy.relearned',
  'policy.pass-gate': 'gate.passed',
  'policy.override-gate': 'gate.overridden',
  'policy.switch-gate-off': 'gate.switched_off',
  'kill-switch.on': 'kill_switch.turned_on',
  'kill-switch.off': 'kill_switch.turned_off',
  'guardrail.breach': 'guardrail.breached',
  'guardrail.alert': 'guardrail.breached',
  'guardrail.pause': 'guardrail.paused',
  'guardrail.revert': 'guardrail.reverted',
  'guardrail.undo': 'guardrail.undone',
};
/** Of a worker that acts by itself on an experiment: `experiment.guardrail-pause`, `guardrail.pause`. */
const GUARDRAIL = /^(?:experiment\.)?guardrail[.-]([a-z-]+)$/;
/** Goes to one endpoint, by request. */
export const TEST_TYPE = 'test.sent';
/** Every type that there is. */
export const ANNOUNCED_TYPES: readonly string[] = [...new Set(Object.values(TYPES)), TEST_TYPE].sort();

const MOST_FIELDS = 20;
const LONGEST_TEXT = 300;

function typeOf(action: string): string | undefined {
  const verb = GUARDRAIL.exec(action)?.[1];
  const name = verb === undefined ? action : `guardrail.${verb}`;
  if (Object.hasOwn(TYPES, name)) return TYPES[name];
  // Whatever else a guardrail does is of the area, too.
  return verb === undefined ? undefined : name.replaceAll('-', '_');
}

/** What an audit entry is announced as; null for one that concerns nobody outside. */
export function announcedAs(entry: AuditEntry): Announcement | null {
  const { action, entity, entityKey, actor } = entry;
  const type = typeOf(action);
  if (type === undefined) return null;
  return {
    type,
    data: { entity, key: entityKey, actor, before: scalarsOf(entry.before), after: scalarsOf(entry.after) },
  };
}

/** Title, status, version and the like: a webhook says what changed, and the API says the rest to who may read it. */
function scalarsOf(value: Json | undefined): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const scalars = Object.entries(value).filter(
    ([, inner]) =>
      typeof inner === 'number' ||
      typeof inner === 'boolean' ||
      (typeof inner === 'string' && inner.length <= LONGEST_TEXT),
  );
  return Object.fromEntries(scalars.slice(0, MOST_FIELDS)) as Json;
}
