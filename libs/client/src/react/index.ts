import { createContext, createElement, useContext, useEffect, useMemo, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import type { AskOptions, Client } from '../client.js';
import { exposeWhenSeen } from '../seen.js';
import type { SeenOptions } from '../seen.js';
import type { Answer, EventDetails, Json } from '../types.js';

/** An answer in a component. Until there is one it is the fallback, with the reason `CLIENT_PENDING`. */
export interface Shown<T> extends Answer<T> {
  /** False until the server has answered or failed. */
  readonly ready: boolean;
}

/** Answers fetched beforehand, by surface: on the server, so that the first render has them on both sides. */
export type InitialAnswers = Readonly<Record<string, Answer<unknown>>>;

/** One request per question, however many components ask it and however often React runs their effects. */
class Answers {
  private readonly asked = new Map<string, Promise<Answer<unknown>>>();

  constructor(
    readonly client: Client,
    readonly initial: InitialAnswers,
  ) {}

  ask(question: string, send: () => Promise<Answer<unknown>>): Promise<Answer<unknown>> {
    const known = this.asked.get(question);
    if (known !== undefined) return known;
    const asked = send();
    this.asked.set(question, asked);
    // A failure is not remembered: the next component that mounts asks again.
    void asked.then(({ reason }) => {
      if (reason.startsWith('CLIENT_')) this.asked.delete(question);
    });
    return asked;
  }
}

const Marquee = createContext<Answers | null>(null);

/**
 * Gives the components below their client. Another client (another member signs in) asks everything anew.
 * @param initial answers that a server fetched for this page; hydration then finds what the server rendered.
 */
export function MarqueeProvider(props: {
  readonly client: Client;
  readonly initial?: InitialAnswers;
  readonly children?: ReactNode;
}): ReactElement {
  const { client, initial, children } = props;
  const [first] = useState({ client, initial: initial ?? {} });
  // Answers fetched beforehand are those of the client that the page began with.
  const answers = useMemo(
    () => new Answers(client, client === first.client ? first.initial : {}),
    [client, first],
  );
  return createElement(Marquee.Provider, { value: answers }, children);
}

function useAnswers(): Answers {
  const answers = useContext(Marquee);
  if (answers === null) throw new Error('Marquee: put a MarqueeProvider around the components that ask');
  return answers;
}

/** The client of the provider above. @throws Error without a provider. */
export const useMarquee = (): Client => useAnswers().client;

/** State belongs to one question of one client; an answer to an earlier one is not shown. */
interface Held {
  readonly answers: Answers;
  readonly question: string;
  readonly answer: Answer<unknown>;
}

function useAnswer<T>(
  kind: 'value' | 'action' | 'slate',
  surface: string,
  fallback: T,
  options: AskOptions | undefined,
): Shown<T> {
  const answers = useAnswers();
  const question = JSON.stringify([kind, surface, options ?? null]);
  const [held, setHeld] = useState<Held | null>(null);
  useEffect(() => {
    if (answers.initial[surface] !== undefined) return;
    let gone = false;
    const send = (): Promise<Answer<unknown>> => {
      // The hook's own method per kind; `fallback` decides its type.
      const ask = answers.client[kind] as (
        ...args: [string, unknown, AskOptions | undefined]
      ) => Promise<Answer<unknown>>;
      return ask.call(answers.client, surface, fallback, options);
    };
    void answers.ask(question, send).then((answer) => {
      if (!gone) setHeld({ answers, question, answer });
    });
    return () => {
      gone = true;
    };
    // `question` says everything that surface, kind and options say; a fallback written in place is new in every render.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [answers, question]);
  const current =
    held?.answers === answers && held.question === question ? held.answer : answers.initial[surface];
  if (current !== undefined) return { ...(current as Answer<T>), ready: true };
  return {
    value: fallback,
    decisionId: null,
    experiment: null,
    arm: null,
    reason: 'CLIENT_PENDING',
    ready: false,
  };
}

/** The value of a surface. Renders the fallback at first, and on a server; never suspends and never throws an answer. */
export const useTreatment = <V extends Json>(surface: string, fallback: V, options?: AskOptions): Shown<V> =>
  useAnswer('value', surface, fallback, options);

/** The id of the action to show. */
export const useAction = (surface: string, fallback: string, options?: AskOptions): Shown<string> =>
  useAnswer('action', surface, fallback, options);

/** The ids to show, in order. */
export const useSlate = (
  surface: string,
  fallback: readonly string[],
  options?: AskOptions,
): Shown<readonly string[]> => useAnswer('slate', surface, fallback, options);

/**
 * A `ref` for the element that shows an answer: the decision is exposed once the element was in view. Of a default nothing
 * is exposed.
 * @param shown what a hook above gave, or its `decisionId`.
 */
export function useExposure(
  shown: Pick<Answer<unknown>, 'decisionId'> | string | null,
  options: SeenOptions = {},
): (element: object | null) => void {
  const client = useMarquee();
  const [element, setElement] = useState<object | null>(null);
  const decisionId = shown === null || typeof shown === 'string' ? shown : shown.decisionId;
  const { ratio, ms, position, actionId } = options;
  useEffect(() => {
    if (element === null) return;
    return exposeWhenSeen(client, element, decisionId, {
      ...(ratio === undefined ? {} : { ratio }),
      ...(ms === undefined ? {} : { ms }),
      ...(position === undefined ? {} : { position }),
      ...(actionId === undefined ? {} : { actionId }),
    });
  }, [client, element, decisionId, ratio, ms, position, actionId]);
  return setElement;
}

/** Reports what the member did: `const play = useOutcome('play'); play({ decisionId })`. */
export function useOutcome(name: string): (details?: EventDetails) => void {
  const client = useMarquee();
  return useMemo(() => (details) => client.outcome(name, details), [client, name]);
}
