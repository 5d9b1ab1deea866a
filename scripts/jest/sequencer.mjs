// Order of spec files: the slowest first by the last run on this machine, so that the workers end together.
import sequencer from '@jest/test-sequencer';

/** What is slowest where no run was before: pages in a browser, whole processes, then all that uses the database. */
const SLOW = [
  /dashboard\/test\/pages/,
  /dashboard\/test|\/e2e\//,
  /a-a\.spec|evaluate-|rollups/,
  /apps\/api/,
  /apps\/cli/,
];

const rank = ({ path, duration }) => {
  const found = duration === undefined ? SLOW.findIndex((pattern) => pattern.test(path)) : 0;
  return found < 0 ? SLOW.length : found;
};

const { default: Sequencer = sequencer } = sequencer;

export default class SlowestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
}
