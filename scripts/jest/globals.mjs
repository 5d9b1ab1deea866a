// What compiled specs import in place of `@jest/globals`. The bindings are live: modules that several spec files share
// see the functions of the file that runs now.
export let afterAll, afterEach, beforeAll, beforeEach, describe, expect, fdescribe, fit, it, jest, test;
export let xdescribe, xit, xtest;

export function setGlobals(globals) {
  ({ afterAll, afterEach, beforeAll, beforeEach, describe, expect, fdescribe, fit, it, jest, test } =
    globals);
  ({ xdescribe, xit, xtest } = globals);
}
