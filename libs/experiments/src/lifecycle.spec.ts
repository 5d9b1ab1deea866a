import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  allowedActions,
  revise,
  startRequirements,
  transition,
  type ExperimentDesign,
  type LifecycleAction,
} from './lifecycle.js';
import type { Arm, ExperimentStatus } from './vocabulary.js';

const arm = (key: string, parts: Partial<Arm> = {}): Arm => ({
  key,
  title: key,
  weight: 1,
  isControl: key === 'control',
  treatment: { kind: 'value', value: key },
  ...parts,
});
const design = (parts: Partial<ExperimentDesign> = {}): ExperimentDesign => ({
  key: 'rows',
  title: 'Rows',
  surface: 'home.rows',
  unitType: 'member',
  status: 'draft',
  layer: 'home',
  layerRange: [0.2, 0.6],
  traffic: 0.5,
  targeting: null,
  arms: [arm('control'), arm('new')],
  phase: parts.status && parts.status !== 'draft' ? 1 : 0,
  salt: 'rows',
  shippedArm: null,
  hypothesis: 'Fresh rows make members watch more',
  decisionMetric: 'watch-minutes',
  secondaryMetrics: [],
  guardrailMetrics: ['cancellations'],
  minimumDays: 7,
  plannedUnits: null,
  owner: 'ada',
  tags: [],
  startedAt: null,
  stoppedAt: null,
  stopReason: null,
  ...parts,
});
const code = (value: string, pointer?: string) =>
  expect.objectContaining({ code: value, ...(pointer ? { pointer } : {}) });
const ALL: LifecycleAction[] = [
  'schedule',
  'unschedule',
  'start',
  'pause',
  'resume',
  'stop',
  'ship',
  'archive',
];

describe('transition', () => {
  it('walks from draft to archived', () => {
    let experiment = transition(design(), 'schedule', { at: 1 });
    expect(experiment).toMatchObject({ status: 'scheduled', phase: 0, startedAt: null });
    experiment = transition(experiment, 'start', { at: 2 });
    expect(experiment).toMatchObject({ status: 'running', phase: 1, startedAt: 2 });
    experiment = transition(transition(experiment, 'pause', { at: 3 }), 'resume', { at: 4 });
    expect(experiment).toMatchObject({ status: 'running', phase: 1, startedAt: 2, stoppedAt: null });
    experiment = transition(experiment, 'stop', { at: 5, reason: 'enough units' });
    expect(experiment).toMatchObject({ status: 'stopped', stoppedAt: 5, stopReason: 'enough units' });
    experiment = transition(experiment, 'ship', { at: 6, arm: 'new' });
    expect(experiment).toMatchObject({
      status: 'shipped',
      shippedArm: 'new',
      stoppedAt: 5,
      stopReason: 'enough units',
    });
    expect(transition(experiment, 'archive', { at: 7 }).status).toBe('archived');
  });

  it('allows exactly the actions it lists, in every status', () => {
    const table: Record<ExperimentStatus, LifecycleAction[]> = {
      draft: ['schedule', 'start', 'archive'],
      scheduled: ['unschedule', 'start', 'archive'],
      running: ['pause', 'stop', 'ship'],
      paused: ['resume', 'stop', 'ship'],
      stopped: ['ship', 'archive'],
      shipped: ['archive'],
      archived: [],
    };
    for (const [status, actions] of Object.entries(table) as [ExperimentStatus, LifecycleAction[]][]) {
      expect(allowedActions(status)).toEqual(actions);
      for (const action of ALL) {
        const act = () => transition(design({ status }), action, { at: 1, arm: 'new' });
        if (actions.includes(action)) expect(act).not.toThrow();
        else expect(act).toThrow(code('invalid_transition'));
      }
    }
  });

  it('never changes the experiment it was given (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ALL), { maxLength: 12 }), (actions) => {
        let experiment = Object.freeze(design());
        for (const [at, action] of actions.entries()) {
          try {
            experiment = Object.freeze(transition(experiment, action, { at, arm: 'new' }));
          } catch (error) {
            expect(error).toMatchObject({ code: 'invalid_transition' });
          }
        }
        if (experiment.status === 'shipped') expect(experiment.shippedArm).toBe('new');
        expect(experiment.phase).toBe(experiment.startedAt === null ? 0 : 1);
      }),
      { seed: 29, numRuns: 200 },
    );
  });

  it('pauses with an arm for everybody, which resuming takes away', () => {
    const running = design({ status: 'running', phase: 1 });
    const paused = transition(running, 'pause', { at: 1, arm: 'control' });
    expect(paused).toMatchObject({ status: 'paused', pausedArm: 'control', phase: 1 });
    expect(transition(paused, 'resume', { at: 2 })).toMatchObject({ status: 'running', pausedArm: null });
    expect(() => transition(running, 'pause', { at: 1, arm: 'x' })).toThrow(code('unknown_arm', '/arm'));
  });

  it('ships an arm that exists', () => {
    expect(() => transition(design({ status: 'stopped' }), 'ship', { at: 1 })).toThrow(
      code('unknown_arm', '/arm'),
    );
    expect(() => transition(design({ status: 'stopped' }), 'ship', { at: 1, arm: 'x' })).toThrow(
      /control, new/,
    );
  });
});

describe('requirements of a start', () => {
  it.each<[string, Partial<ExperimentDesign>, string]>([
    ['two arms', { arms: [arm('control')] }, 'too_few_arms'],
    ['a control', { arms: [arm('a'), arm('b')] }, 'one_control'],
    ['only one control', { arms: [arm('control'), arm('b', { isControl: true })] }, 'one_control'],
    ['distinct arms', { arms: [arm('control'), arm('b'), arm('b')] }, 'duplicate_arm'],
    ['weights', { arms: [arm('control'), arm('b', { weight: 0 })] }, 'invalid_weight'],
    ['finite weights', { arms: [arm('control'), arm('b', { weight: Infinity })] }, 'invalid_weight'],
    [
      'reachable arms',
      {
        traffic: 0.0001,
        arms: [arm('control', { weight: 0.36 }), arm('b', { weight: 0.7 }), arm('c', { weight: 0.01 })],
      },
      'unreachable_arm',
    ],
    ['traffic', { traffic: 0 }, 'invalid_traffic'],
    ['a part of the layer', { layerRange: [0.3, 0.3] }, 'no_layer_range'],
    ['a hypothesis', { hypothesis: '  ' }, 'no_hypothesis'],
    ['a decision metric', { decisionMetric: null }, 'no_decision_metric'],
  ])('include %s', (_title, parts, expected) => {
    expect(startRequirements(design(parts)).map((requirement) => requirement.code)).toContain(expected);
    expect(() => transition(design(parts), 'start', { at: 1 })).toThrow(code('not_ready'));
  });

  it('are named all at once', () => {
    const bare = design({ arms: [], hypothesis: '', decisionMetric: null });
    expect(startRequirements(bare).map((r) => r.pointer)).toEqual([
      '/arms',
      '/arms',
      '/hypothesis',
      '/decisionMetric',
    ]);
    expect(startRequirements(design())).toEqual([]);
  });
});

describe('revise', () => {
  const running = design({ status: 'running' });

  it('lets a draft change everything, without a phase', () => {
    const changes = {
      surface: 'title.artwork',
      arms: [arm('x')],
      traffic: 1,
      decisionMetric: null,
      salt: 'again',
    };
    const { experiment, newPhase, changed } = revise(design(), changes);
    expect(experiment).toMatchObject({ ...changes, phase: 0 });
    expect(newPhase).toBe(false);
    expect([...changed].sort()).toEqual(Object.keys(changes).sort());
  });

  it('starts a new phase when targeting or allocation changes while live', () => {
    const weights = running.arms.map((a, i) => ({ ...a, weight: i + 1 }));
    const targeting = { attribute: 'tv', op: 'eq', value: true } as const;
    for (const status of ['running', 'paused'] as const) {
      for (const changes of [
        { traffic: 1 },
        { targeting },
        { arms: weights },
        { layerRange: [0.2, 0.7] as const },
      ]) {
        const revision = revise({ ...running, status }, changes);
        expect(revision).toMatchObject({ newPhase: true, experiment: { phase: 2, status, ...changes } });
      }
    }
  });

  it('does not count what stays the same, whatever the order of the keys', () => {
    const targeted = { ...running, targeting: { attribute: 'tv', op: 'eq', value: true } as const };
    const again = { value: true, op: 'eq', attribute: 'tv' } as const;
    expect(revise(targeted, { traffic: 0.5, targeting: again })).toEqual({
      experiment: targeted,
      newPhase: false,
      changed: [],
    });
    const renamed = running.arms.map((a) => ({ ...a, title: `${a.title}!` }));
    expect(revise(running, { arms: renamed, title: 'T' })).toMatchObject({
      newPhase: false,
      changed: ['title', 'arms'],
    });
  });

  it('keeps what was fixed at the start', () => {
    const other = running.arms.map((a) => ({ ...a, treatment: { kind: 'value' as const, value: 'other' } }));
    for (const changes of [
      { surface: 'x' },
      { unitType: 'device' },
      { layer: 'x' },
      { salt: 'x' },
      { hypothesis: 'x' },
      { decisionMetric: 'x' },
      { minimumDays: 1 },
      { plannedUnits: 5 },
      { arms: other },
      { arms: [...running.arms, arm('third')] },
      { arms: [...running.arms].reverse() },
      { layerRange: [0.3, 0.6] as const },
      { guardrailMetrics: [] },
    ]) {
      expect(() => revise(running, changes)).toThrow(code('immutable_field', `/${Object.keys(changes)[0]}`));
    }
    expect(revise(running, { guardrailMetrics: ['cancellations', 'errors'] }).newPhase).toBe(false);
    expect(revise(running, { secondaryMetrics: ['plays'], owner: 'bob', tags: ['x'] }).changed).toHaveLength(
      3,
    );
  });

  it('does not let a live experiment lose what its start required', () => {
    expect(() => revise(running, { traffic: 0 })).toThrow(code('not_ready', '/traffic'));
    expect(() => revise(design({ status: 'scheduled' }), { hypothesis: '' })).toThrow(
      code('not_ready', '/hypothesis'),
    );
  });

  it('freezes the results of what has ended', () => {
    for (const status of ['stopped', 'shipped'] as const) {
      expect(() => revise(design({ status }), { traffic: 1 })).toThrow(code('immutable_field', '/traffic'));
      expect(revise(design({ status }), { title: 'Better title' }).experiment.title).toBe('Better title');
    }
    expect(() => revise(design({ status: 'archived' }), { title: 'x' })).toThrow(
      code('immutable_field', '/title'),
    );
  });
});
