import { DomainError } from '#experiments';
import { decodeFloats, encodeFloats, stateObject, stateText } from '../../codec.js';
import { sparseRows } from '../als-solver.js';
import type { TitleTable } from '../titles/table.js';
import type { TitleModel } from '../titles/model.js';

export interface WalkParams {
  readonly follow: number;
  readonly steps: number;
  readonly memberWeight: number;
  readonly relationWeights: Readonly<Record<string, number>>;
}

/** Who watched what: member u has titles[start[u] .. start[u + 1]). Nobody's id is kept. */
export interface WalkState {
  readonly start: Uint32Array;
  readonly titles: Uint32Array;
}

/** Weight of an edge between a title and an attribute: rarer attributes bind more, times what the relation means. */
export function edgeWeights(table: TitleTable, params: WalkParams): Float64Array {
  return Float64Array.from(table.titles, (titles, c) => {
    const relation = table.relations[table.relation[c] as number] as string;
    return (params.relationWeights[relation] ?? 1) / Math.log(2 + titles);
  });
}

/** Undirected weighted edges between nodes 0 .. size - 1, as rows of both directions. */
class Edges {
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly weight: number[] = [];

  add(a: number, b: number, weight: number): void {
    if (!(weight > 0)) return;
    this.from.push(a, b);
    this.to.push(b, a);
    this.weight.push(weight, weight);
  }

  rows(size: number) {
    return sparseRows(
      size,
      Uint32Array.from(this.from),
      Uint32Array.from(this.to),
      Float64Array.from(this.weight),
    );
  }
}

/** The graph as a walker sees it: nodes are the titles, then the attributes, then the members. */
export class WalkGraph {
  readonly degree: Float64Array;
  private readonly start: Uint32Array;
  private readonly columns: Uint32Array;
  private readonly weights: Float64Array;

  constructor(
    table: TitleTable,
    { start, titles }: WalkState,
    byAttribute: Float64Array,
    memberWeight: number,
  ) {
    const items = table.items.length;
    const members = items + table.names.length;
    const edges = new Edges();
    for (let i = 0; i < items; i++) {
      for (let p = table.start[i] as number; p < (table.start[i + 1] as number); p++) {
        const c = table.columns[p] as number;
        edges.add(i, items + c, byAttribute[c] as number);
      }
    }
    for (let u = 0; u + 1 < start.length; u++) {
      for (let p = start[u] as number; p < (start[u + 1] as number); p++) {
        edges.add(titles[p] as number, members + u, memberWeight);
      }
    }
    const nodes = members + start.length - 1;
    ({ start: this.start, columns: this.columns, weights: this.weights } = edges.rows(nodes));
    this.degree = new Float64Array(nodes);
    for (let a = 0; a < nodes; a++) {
      for (let p = this.start[a] as number; p < (this.start[a + 1] as number); p++) {
        this.degree[a] = (this.degree[a] as number) + (this.weights[p] as number);
      }
    }
  }

  /** into = (1 - follow) home + follow P'mass: everybody takes one step along an edge, or starts again at home. */
  step(mass: Float64Array, home: Float64Array, follow: number, into: Float64Array): void {
    const { start, columns, weights, degree } = this;
    for (let a = 0; a < into.length; a++) into[a] = (1 - follow) * (home[a] as number);
    for (let a = 0; a < mass.length; a++) {
      if (mass[a] === 0) continue;
      const share = (follow * (mass[a] as number)) / (degree[a] as number);
      for (let p = start[a] as number; p < (start[a + 1] as number); p++) {
        const b = columns[p] as number;
        into[b] = (into[b] as number) + share * (weights[p] as number);
      }
    }
  }
}

/**
 * A walk with restart from the member's titles over titles, attributes and members; the score of a title is the share
 * of walkers on it over the root of its degree. A title that is not in the graph gets what its attributes would have
 * sent it in the last step. Page, Brin (1998), personalised PageRank; Haveliwala (2002).
 */
export const walkModel: TitleModel<WalkParams, WalkState> = {
  fit: (data) => {
    const ones = new Float64Array(data.item.length).fill(1);
    const { start, columns } = sparseRows(data.units.length, data.unit, data.item, ones);
    return { start, titles: columns };
  },
  encode: ({ start, titles }) => ({
    start: encodeFloats(Float64Array.from(start)),
    titles: encodeFloats(Float64Array.from(titles)),
  }),
  decode: (json, { table }) => {
    const stored = stateObject(json ?? null);
    const start = Uint32Array.from(decodeFloats(stateText(stored['start'], 'start')));
    const titles = Uint32Array.from(decodeFloats(stateText(stored['titles'], 'titles')));
    if (start[start.length - 1] !== titles.length || titles.some((title) => title >= table.items.length)) {
      throw new DomainError('invalid_state', 'the members do not fit the titles', '/titles');
    }
    return { start, titles };
  },
  compile: (state, { table }, params) => {
    const byAttribute = edgeWeights(table, params);
    const graph = new WalkGraph(table, state, byAttribute, params.memberWeight);
    const items = table.items.length;
    const home = new Float64Array(graph.degree.length);
    let mass = new Float64Array(home.length);
    let next = new Float64Array(home.length);
    return (member) => {
      let total = 0;
      for (const weight of member.values()) total += Math.max(0, weight);
      home.fill(0);
      for (const [index, weight] of member) {
        if (weight > 0) home[index] = weight / total;
      }
      mass.set(home);
      for (let step = 0; step < params.steps; step++) {
        graph.step(mass, home, params.follow, next);
        [mass, next] = [next, mass];
      }
      const [arrived, before] = [mass, next];
      return (title, index) => {
        if (index !== undefined && (graph.degree[index] as number) > 0) {
          return (arrived[index] as number) / Math.sqrt(graph.degree[index] as number);
        }
        let sum = 0;
        let degree = 0;
        for (const c of title.columns) {
          const weight = byAttribute[c] as number;
          degree += weight;
          sum += ((before[items + c] as number) * weight) / ((graph.degree[items + c] as number) + weight);
        }
        return degree > 0 ? (params.follow * sum) / Math.sqrt(degree) : 0;
      };
    };
  },
};
