import type { Engine } from '../engine.js';

const PAGE = 65_536;

/** The kernels as plain loops in double precision, rounded where they are stored: what the compiled ones are tested against. */
export function plainEngine(): Engine {
  const memory = {
    buffer: new ArrayBuffer(PAGE),
    grow(pages: number): number {
      const before = memory.buffer.byteLength / PAGE;
      const larger = new ArrayBuffer((before + pages) * PAGE);
      new Uint8Array(larger).set(new Uint8Array(memory.buffer));
      memory.buffer = larger;
      return before;
    },
  };
  const f32 = (at: number, length: number) => new Float32Array(memory.buffer, at, length);
  const i32 = (at: number, length: number) => new Int32Array(memory.buffer, at, length);
  return {
    memory,
    base: () => 16,
    ...products(memory),
    ...systems((at, length) => new Float64Array(memory.buffer, at, length)),
    ...elementwise(f32),
    ...tables(f32, i32),
    ...softmaxes(f32, i32),
    ...norms(f32),
    sumSquares: (x, n) => f32(x, n).reduce((sum, v) => sum + v * v, 0),
  };
}

type F64 = (at: number, length: number) => Float64Array;
type F32 = (at: number, length: number) => Float32Array;
type I32 = (at: number, length: number) => Int32Array;
type Numbers = Float32Array | Float64Array;
const of = (values: Numbers | Int32Array, i: number): number => values[i] as number;

function products(memory: { readonly buffer: ArrayBuffer }): Pick<Engine, 'gemm32' | 'gemm64'> {
  const gemm =
    (make: (at: number) => Numbers) =>
    (...args: number[]): void => {
      const [a, b, c] = args.slice(0, 3).map(make) as [Numbers, Numbers, Numbers];
      const [m, n, k, lda, ldb, ldc, turnA, turnB, add] = args.slice(3) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = add === 1 ? of(c, i * ldc + j) : 0;
          for (let p = 0; p < k; p++)
            sum +=
              of(a, turnA === 1 ? p * lda + i : i * lda + p) * of(b, turnB === 1 ? j * ldb + p : p * ldb + j);
          c[i * ldc + j] = sum;
        }
      }
    };
  return {
    gemm32: gemm((at) => new Float32Array(memory.buffer, at)),
    gemm64: gemm((at) => new Float64Array(memory.buffer, at)),
  };
}

function systems(
  f64: F64,
): Pick<Engine, 'unpackUpper' | 'factorUpper' | 'solveUpper' | 'invertUpper' | 'addRows'> {
  const solve = (u: Float64Array, n: number, ld: number, x: Float64Array): void => {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i] = of(x, i) - of(u, k * ld + i) * of(x, k);
      x[i] = of(x, i) / of(u, i * ld + i);
    }
  };
  return {
    unpackUpper: (packed, n, factor, ridge, u, ld) => {
      const [from, into] = [f64(packed, (n * (n + 1)) / 2), f64(u, n * ld)];
      for (let i = 0; i < n; i++)
        for (let j = 0; j <= i; j++)
          into[j * ld + i] = factor * of(from, (i * (i + 1)) / 2 + j) + (i === j ? ridge : 0);
    },
    factorUpper: (at, n, ld, inverse) => {
      const u = f64(at, n * ld);
      for (let i = 0; i < n; i++) {
        for (let j = i; j < n; j++)
          for (let k = 0; k < i; k++)
            u[i * ld + j] = of(u, i * ld + j) - of(u, k * ld + i) * of(u, k * ld + j);
        if (!(of(u, i * ld + i) > 0)) return i;
        const root = Math.sqrt(of(u, i * ld + i));
        for (let j = i; j < n; j++) u[i * ld + j] = of(u, i * ld + j) / root;
        f64(inverse, n)[i] = 1 / root;
      }
      return n;
    },
    solveUpper: (at, n, ld, _inverse, to) => {
      const [u, x] = [f64(at, n * ld), f64(to, n)];
      solve(u, n, ld, x);
      for (let i = n - 1; i >= 0; i--) {
        for (let k = i + 1; k < n; k++) x[i] = of(x, i) - of(u, i * ld + k) * of(x, k);
        x[i] = of(x, i) / of(u, i * ld + i);
      }
    },
    addRows: (at, n, rows, weight, count, to) => {
      const [u, x] = [f64(at, n * n), f64(to, n)];
      f64(weight, count).forEach((w, p) => {
        const v = f64(rows + 8 * p * n, n);
        for (let i = 0; i < n; i++) {
          x[i] = of(x, i) + w * of(v, i);
          for (let j = i; j < n; j++) u[i * n + j] = of(u, i * n + j) + w * of(v, i) * of(v, j);
        }
      });
    },
    invertUpper: (at, n, ld, _inverse, w) => {
      const into = f64(w, (n * (n + 1)) / 2);
      let next = 0;
      for (let j = 0; j < n; j++) {
        const unit = new Float64Array(n).fill(1, j, j + 1);
        solve(f64(at, n * ld), n, ld, unit);
        into.set(unit.subarray(j), next);
        next += n - j;
      }
    },
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const inner = (x: number): number => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
const functions = [
  Math.exp,
  sigmoid,
  Math.tanh,
  (x: number) => Math.max(0, x),
  (x: number) => 0.5 * x * (1 + inner(x)),
];
const slopes = [
  (y: number) => y,
  (y: number) => y * (1 - y),
  (y: number) => 1 - y * y,
  (x: number) => (x > 0 ? 1 : 0),
  (x: number) =>
    0.5 * (1 + inner(x)) +
    0.5 * x * (1 - inner(x) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x),
];

function elementwise(f32: F32): Pick<Engine, 'activate' | 'activateBackward' | 'axpy' | 'multiply' | 'adam'> {
  return {
    activate: (kind, x, y, n) => f32(y, n).set(f32(x, n).map(functions[kind] as (v: number) => number)),
    activateBackward: (kind, v, dy, dx, n) =>
      f32(dx, n).set(f32(dy, n).map((d, i) => d * (slopes[kind] as (v: number) => number)(of(f32(v, n), i)))),
    axpy: (alpha, x, y, n) => f32(y, n).set(f32(y, n).map((v, i) => v + alpha * of(f32(x, n), i))),
    multiply: (alpha, a, b, y, n) => f32(y, n).set(f32(a, n).map((v, i) => alpha * v * of(f32(b, n), i))),
    adam: (weights, gradient, mean, square, n, scale, rate, beta1, beta2, epsilon) => {
      const [w, g, m, s] = [weights, gradient, mean, square].map((at) => f32(at, n)) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (let i = 0; i < n; i++) {
        const slope = scale * of(g, i);
        m[i] = beta1 * of(m, i) + (1 - beta1) * slope;
        s[i] = beta2 * of(s, i) + (1 - beta2) * slope * slope;
        w[i] = of(w, i) - (rate * of(m, i)) / (Math.sqrt(of(s, i)) + epsilon);
      }
    },
  };
}

function tables(f32: F32, i32: I32): Pick<Engine, 'addBias' | 'addColumnSums' | 'gather' | 'scatterAdd'> {
  const add = (into: Float32Array, from: Float32Array, scale: number): void =>
    from.forEach((v, i) => (into[i] = of(into, i) + scale * v));
  return {
    addBias: (y, bias, rows, n) => {
      for (let r = 0; r < rows; r++) add(f32(y + 4 * r * n, n), f32(bias, n), 1);
    },
    addColumnSums: (x, sums, rows, n) => {
      for (let r = 0; r < rows; r++) add(f32(sums, n), f32(x + 4 * r * n, n), 1);
    },
    gather: (table, index, out, rows, n, scale) =>
      i32(index, rows).forEach((row, r) => {
        const into = f32(out + 4 * r * n, n).fill(0);
        if (row >= 0) add(into, f32(table + 4 * row * n, n), scale);
      }),
    scatterAdd: (x, index, table, rows, n, scale) =>
      i32(index, rows).forEach((row, r) => {
        if (row >= 0) add(f32(table + 4 * row * n, n), f32(x + 4 * r * n, n), scale);
      }),
  };
}

function softmaxOf(values: Float32Array, scale: number): number[] {
  const top = scale * values.reduce((most, v) => Math.max(most, v), -Infinity);
  const weights = [...values].map((v) => Math.exp(scale * v - top));
  const sum = weights.reduce((total, w) => total + w, 0);
  return weights.map((w) => w / sum);
}

function softmaxes(f32: F32, i32: I32): Pick<Engine, 'softmaxRows' | 'softmaxBackward' | 'crossEntropy'> {
  return {
    softmaxRows: (x, rows, n, scale, causal, first) => {
      for (let r = 0; r < rows; r++) {
        const row = f32(x + 4 * r * n, n);
        const end = causal === 1 ? Math.min(n, r + 1) : n;
        const values = first < end ? softmaxOf(row.slice(first, end), scale) : [];
        row.fill(0);
        row.set(values, first < end ? first : 0);
      }
    },
    softmaxBackward: (p, dp, dx, rows, n, scale) => {
      for (let r = 0; r < rows; r++) {
        const weights = f32(p + 4 * r * n, n);
        const slopeOf = f32(dp + 4 * r * n, n).slice();
        const dot = weights.reduce((sum, w, i) => sum + w * of(slopeOf, i), 0);
        f32(dx + 4 * r * n, n).set(weights.map((w, i) => scale * w * (of(slopeOf, i) - dot)));
      }
    },
    crossEntropy: (logits, target, rows, n, weight) => {
      let loss = 0;
      i32(target, rows).forEach((wanted, r) => {
        const row = f32(logits + 4 * r * n, n);
        if (wanted < 0) return row.fill(0);
        const shares = softmaxOf(row, 1);
        loss -= weight * Math.log(shares[wanted] as number);
        return row.set(shares.map((share, i) => weight * (share - (i === wanted ? 1 : 0))));
      });
      return loss;
    },
  };
}

function norms(f32: F32): Pick<Engine, 'layerNorm' | 'layerNormBackward'> {
  return {
    layerNorm: (x, gamma, beta, y, standard, inverse, rows, n, epsilon) => {
      for (let r = 0; r < rows; r++) {
        const row = f32(x + 4 * r * n, n);
        const mean = row.reduce((sum, v) => sum + v, 0) / n;
        const inv = 1 / Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n + epsilon);
        f32(inverse, rows)[r] = inv;
        const kept = row.map((v) => (v - mean) * inv);
        f32(standard + 4 * r * n, n).set(kept);
        f32(y + 4 * r * n, n).set(kept.map((v, i) => v * of(f32(gamma, n), i) + of(f32(beta, n), i)));
      }
    },
    layerNormBackward: (dy, gamma, standard, inverse, dx, dgamma, dbeta, rows, n) => {
      for (let r = 0; r < rows; r++) {
        const slope = f32(dy + 4 * r * n, n).slice();
        const kept = f32(standard + 4 * r * n, n);
        const inward = slope.map((v, i) => v * of(f32(gamma, n), i));
        const mean = inward.reduce((sum, v) => sum + v, 0) / n;
        const along = inward.reduce((sum, v, i) => sum + v * of(kept, i), 0) / n;
        slope.forEach((v, i) => {
          f32(dgamma, n)[i] = of(f32(dgamma, n), i) + v * of(kept, i);
          f32(dbeta, n)[i] = of(f32(dbeta, n), i) + v;
        });
        const inv = of(f32(inverse, rows), r);
        f32(dx + 4 * r * n, n).set(inward.map((v, i) => inv * (v - mean - of(kept, i) * along)));
      }
    },
  };
}
