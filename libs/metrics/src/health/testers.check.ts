import { percent } from '../prose.js';
import { defineCheck, shareOf, units } from './define-check.js';

const MAX_SHARE = 0.01;
/** Attributes by which clients mark who is no customer. */
const NAMES: ReadonlySet<string> = new Set([
  'tester',
  'test',
  'internal',
  'employee',
  'bot',
  'is_bot',
  'isBot',
]);

export const testersCheck = defineCheck({
  key: 'testers',
  title: 'Testers and bots',
  description:
    'Units that the context marks as tester, internal, employee or bot. They are counted unless targeting leaves them out.',
  rule: 'Warns when they are 1 % of the units or more. Runs where the context has such an attribute.',
  threshold: MAX_SHARE,
  causes: ['Automatic tests use the live environment', 'Crawlers get decisions'],
  next: ['Leave them out by targeting, e.g. bot is not true'],
  judge({ groups }) {
    const marked = (groups ?? []).filter(({ dimension }) => NAMES.has(dimension));
    if (marked.length === 0) return null;
    const sum = (list: typeof marked): number =>
      list.reduce((total, group) => total + group.units.reduce((all, n) => all + n, 0), 0);
    const share = shareOf(sum(marked.filter(({ value }) => value === 'true')), sum(marked));
    const found = sum(marked.filter(({ value }) => value === 'true'));
    return {
      status: share >= MAX_SHARE ? 'warn' : 'pass',
      value: share,
      unitsAffected: found,
      explanation: `${units(found)} (${percent(share, 2)}) of those that say so are testers or bots.`,
    };
  },
});
