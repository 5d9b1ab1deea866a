import { describe, expect, it } from '@jest/globals';
import { createRng } from '#experiments';
import { Kernels } from './index.js';
import type { Activation, Floats } from './index.js';
import { plainEngine } from './testing/plain-engine.js';

/** Runs the same work on the compiled and on the plain kernels and expects the same numbers. */
function expectAgreement(work: (kernels: Kernels, random: (n: number) => Floats) => Iterable<number>): void {
  const run = (kernels: Kernels): number[] => {
    const rng = createRng('kernels');
    return [...work(kernels, (n) => kernels.arena.copyFloats(Array.from({ length: n }, () => rng.normal())))];
  };
  const expected = run(new Kernels(plainEngine()));
  const actual = run(new Kernels());
  expect(actual.length).toBe(expected.length);
  const worst = actual.reduce(
    (most, v, i) =>
      Math.max(most, Math.abs(v - (expected[i] as number)) / (1 + Math.abs(expected[i] as number))),
    0,
  );
  expect(worst).toBeLessThan(1e-5);
}

const shapes = [
  [1, 1, 1],
  [4, 8, 3],
  [5, 9, 7],
  [3, 2, 300],
  [100, 7, 5],
  [2, 530, 3],
  [97, 33, 64],
] as const;

describe('matrix products', () => {
  it.each(shapes)('agree with plain loops: %d x %d, depth %d', (m, n, k) => {
    for (const turnA of [false, true]) {
      for (const turnB of [false, true]) {
        for (const add of [false, true]) {
          const shape = { m, n, k, turnA, turnB, add };
          expectAgreement((kernels, random) => {
            const c = random(m * n);
            kernels.product(c, random(m * k), random(k * n), shape);
            return c.view;
          });
        }
      }
    }
  });

  it.each(shapes)('of doubles are exact to the last digits: %d x %d, depth %d', (m, n, k) => {
    const rng = createRng('doubles');
    const draw = (size: number) => Float64Array.from({ length: size }, () => rng.normal());
    const [a, b] = [draw(m * k), draw(k * n)];
    const kernels = new Kernels();
    const c = kernels.arena.doubles(m * n);
    const at = kernels.arena;
    kernels.product(c, at.copyDoubles(a), at.copyDoubles(b), { m, n, k, turnA: true, turnB: true });
    for (const [i, j] of [
      [0, 0],
      [m - 1, n - 1],
      [m >> 1, n >> 1],
    ] as const) {
      let sum = 0;
      for (let p = 0; p < k; p++) sum += (a[p * m + i] as number) * (b[j * k + p] as number);
      expect(c.view[i * n + j]).toBeCloseTo(sum, 11);
    }
  });

  it('work on parts of wider matrices and leave the rest alone', () => {
    expectAgreement((kernels, random) => {
      const c = random(60);
      kernels.product(c.part(2, 58), random(60), random(60), { m: 5, n: 6, k: 7, lda: 11, ldb: 8, ldc: 10 });
      return c.view;
    });
  });

  it('of depth 0 are zero', () => {
    const kernels = new Kernels();
    const c = kernels.arena.copyFloats([1, 2]);
    kernels.product(c, kernels.arena.floats(0), kernels.arena.floats(0), { m: 1, n: 2, k: 0 });
    expect([...c.view]).toEqual([0, 0]);
  });

  it('refuse blocks that are too short', () => {
    const kernels = new Kernels();
    const a = kernels.arena.floats(5);
    expect(() => kernels.product(a, a, a, { m: 2, n: 2, k: 3 })).toThrow(RangeError);
  });
});

describe.each([1, 4, 6, 19])('systems of %d equations', (n) => {
  it('agree with plain loops: factor, solution and inverse', () => {
    const run = ({ arena, engine }: Kernels): number[] => {
      const rng = createRng('systems');
      const ld = n + 1;
      const draw = (length: number) => arena.copyDoubles(Array.from({ length }, () => rng.normal()));
      const [packed, u, x] = [draw((n * (n + 1)) / 2), arena.doubles(n * ld), draw(n)];
      const [inverse, w, panel] = [arena.doubles(n), arena.doubles(packed.length), arena.doubles(4 * n)];
      engine.unpackUpper(packed.at, n, 0.5, 4 * n, u.at, ld);
      expect(engine.factorUpper(u.at, n, ld, inverse.at)).toBe(n);
      engine.solveUpper(u.at, n, ld, inverse.at, x.at);
      engine.invertUpper(u.at, n, ld, inverse.at, w.at, panel.at);
      const upper = u.view.filter((_, i) => i % ld >= Math.floor(i / ld) && i % ld < n);
      return [...upper, ...inverse.view, ...x.view, ...w.view];
    };
    const expected = run(new Kernels(plainEngine()));
    run(new Kernels()).forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 12));
  });
});

describe.each([4, 8, 20])('sums of outer products of %d doubles', (n) => {
  it('agree with plain loops', () => {
    const run = ({ arena, engine }: Kernels): number[] => {
      const rng = createRng('outer products');
      const draw = (length: number) => arena.copyDoubles(Array.from({ length }, () => rng.normal()));
      const [u, x, rows, weights] = [draw(n * n), draw(n), draw(7 * n), draw(7)];
      engine.addRows(u.at, n, rows.at, weights.at, 7, x.at);
      return [...u.view.filter((_, i) => i % n >= Math.floor(i / n)), ...x.view];
    };
    const expected = run(new Kernels(plainEngine()));
    run(new Kernels()).forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 12));
  });
});

describe('elementwise functions', () => {
  const kinds: Activation[] = ['exp', 'sigmoid', 'tanh', 'relu', 'gelu'];
  it.each(kinds)('%s and its slope agree with the real ones, far out too', (kind) => {
    expectAgreement((kernels, random) => {
      const wide = Array.from({ length: 81 }, (_, i) => (i - 40) / 2);
      const x = kernels.arena.copyFloats([...wide, 1e-4, -1e-4, ...random(14).view]);
      const y = kernels.arena.floats(x.length);
      kernels.activate(kind, x, y);
      const dx = kernels.arena.floats(x.length);
      kernels.activateBackward(kind, kind === 'relu' || kind === 'gelu' ? x : y, random(x.length), dx);
      return [...y.view, ...dx.view];
    });
  });

  it('stay finite where exp would overflow', () => {
    const kernels = new Kernels();
    const x = kernels.arena.copyFloats([1e4, -1e4, 1e30, -1e30]);
    for (const kind of ['sigmoid', 'tanh', 'exp'] as const) {
      const y = kernels.arena.floats(4);
      kernels.activate(kind, x, y);
      expect([...y.view].every(Number.isFinite)).toBe(true);
    }
  });

  it.each([1, 4, 7, 300])('sums, products and Adam agree on %d elements', (n) => {
    expectAgreement((kernels, random) => {
      const [w, g, m, s] = [random(n), random(n), kernels.arena.floats(n), kernels.arena.floats(n)];
      for (let step = 1; step <= 3; step++) kernels.adam(w, g, m, s, { rate: 0.01, step, scale: 0.5 });
      kernels.addScaled(m, s, -3);
      kernels.multiply(g, g, w, 2);
      return [...w.view, ...m.view, ...g.view, kernels.sumSquares(w)];
    });
  });
});

describe('functions of rows', () => {
  it.each([1, 6, 8, 51])('biases, tables, norms and softmax agree on rows of %d', (n) => {
    expectAgreement((kernels, random) => {
      const { arena } = kernels;
      const rows = 5;
      const index = arena.copyInts([2, -1, 0, 2, 3]);
      const [x, table, gamma, beta] = [arena.floats(rows * n), random(4 * n), random(n), random(n)];
      kernels.gather(x, table, index, n, 3);
      kernels.addBias(x, beta, rows);
      const kept = { standard: arena.floats(rows * n), inverse: arena.floats(rows) };
      const gradients = { gamma: random(n), beta: random(n) };
      const y = arena.floats(rows * n);
      if (n > 1) kernels.layerNorm(y, x, gamma, beta, kept, rows);
      const dx = random(rows * n);
      if (n > 1) kernels.layerNormBackward(dx, dx, gamma, kept, gradients, rows);
      kernels.scatterAdd(table, dx, index, n, 0.5);
      kernels.addColumnSums(beta, dx, rows);
      const causal = random(rows * n);
      kernels.softmax(causal, rows, n, { scale: 0.7, causal: true, first: 1 });
      const p = random(rows * n);
      kernels.softmax(p, rows, n, { scale: 2 });
      kernels.softmaxBackward(y, p, dx, rows, n, 2);
      const blocks = [x, y, dx, table, gamma, beta, causal, p, gradients.gamma, gradients.beta];
      return blocks.flatMap((block) => [...block.view]);
    });
  });

  it('cross-entropy agrees in loss and gradient, and skips rows without a target', () => {
    expectAgreement((kernels, random) => {
      const logits = random(4 * 31);
      logits.view[3] = 200;
      const target = kernels.arena.copyInts([3, -1, 30, 0]);
      const loss = kernels.crossEntropy(logits, target, 31, 0.25);
      return [loss, ...logits.view];
    });
  });

  it('refuse rows outside of a table', () => {
    const kernels = new Kernels();
    const index = kernels.arena.copyInts([3]);
    expect(() => kernels.gather(kernels.arena.floats(2), kernels.arena.floats(6), index, 2)).toThrow(/row 3/);
  });
});

describe('the arena', () => {
  it('keeps what is in it when it grows, and zeroes what it hands out again', () => {
    const { arena } = new Kernels();
    const first = arena.copyFloats([1, 2, 3]);
    const mark = arena.mark();
    arena.doubles(2_000_000).view.fill(7);
    expect([...first.view]).toEqual([1, 2, 3]);
    arena.release(mark);
    expect(arena.floats(100).view.every((v) => v === 0)).toBe(true);
    expect([...first.part(1, 2).view]).toEqual([2, 3]);
    expect(() => first.part(1, 3)).toThrow(RangeError);
  });

  it('refuses to grow past its limit', () => {
    expect(() => new Kernels(undefined, 8e6).arena.floats(3e6)).toThrow(/more than the 8 MB/);
  });
});
