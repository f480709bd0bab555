/**
 * The events of a client on their way: waiting for a join, or for the server's answer.
 * It knows nothing of the state, nor how an event is put on the wire.
 */

import { DispatchError, type LiveStateError, readError } from "./failure";
import { isObject, type Json } from "./json";

/** What the outbox needs of its client. */
export interface Outlet {
  /** Can an event be sent now? */
  isOpen(): boolean;
  /**
   * Sends an event now and returns its ref; throws if it can't be encoded, or is too large.
   * @param ref the ref that it had, when it is sent again; refs grow from event to event
   */
  send(event: string, payload: Json, ref?: string): string;
  /** Events are settled: their `end` was called, and nobody was told yet what became of them. */
  onEnded(): void;
  /** An event was handled (or sent, if the server does not answer). */
  onHandled(): void;
  /** An event failed. */
  onFailed(error: LiveStateError): void;
}

/**
 * Called when the state holds all that an event has done, and again, with `isSettled`, when it was
 * answered or given up; the first call is left out where nobody knows.
 */
export type End = (isSettled: boolean) => void;

/** Why events fail, as their errors tell it: a type, and why they do. */
export type Reason = readonly [type: string, why: string];

interface Dispatch {
  event: string;
  payload: Json;
  /** Called when the event is settled. */
  end: End;
  resolve(): void;
  reject(error: DispatchError): void;
}

/** Events that wait for a join; more are refused. */
const MAX_WAITING = 900;
/** Milliseconds that events wait for a lost connection to servers that keep no place for us. */
const OUTAGE_MS = 10_000;

/**
 * Sends events in order and settles their promises; each is handled once.
 *
 * It is `closed` (events are refused) until `wait`; then events wait for `open`. After `lose` they
 * wait as long as the server keeps our place, or 10 s, and are then refused until the next `open`.
 * Events without an answer are sent again to a server that knows which it has handled.
 */
export class Outbox {
  #outlet: Outlet;
  #isAnswering = false;
  /** Is everything that was sent before sent again? What is new must not overtake it. */
  #isCaughtUp = false;
  /** Why events are refused now; null while they may wait. */
  #refusal: string | null = "it is not connected";
  #waiting: Dispatch[] = [];
  #unanswered = new Map<string, Dispatch>();
  /** Those that were sent to a server that answers none. */
  #unconfirmed: Dispatch[] = [];
  #outage: ReturnType<typeof setTimeout> | undefined;
  /** How the join was lost last. */
  #loss: Reason = ["", ""];

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /**
   * Sends an event as soon as that is possible. See LiveState.dispatch.
   */
  dispatch(event: string, payload: Json, end: End): Promise<void> {
    const answer = new Promise<void>((resolve, reject) => {
      this.#submit({ event, payload, end, resolve, reject });
    });
    answer.catch(() => {});
    return answer;
  }

  /** Lets events wait for a join. */
  wait(): void {
    this.#refusal = null;
  }

  /**
   * The topic is joined: sends what waits.
   * @param isResumed does the server know which events it has handled? Then those without an answer
   *   are sent again, in order; else nobody knows what became of them.
   */
  open(isAnswering: boolean, isResumed: boolean): void {
    this.#isAnswering = isAnswering;
    this.#endOutage();
    this.#refusal = null;
    if (!isResumed) this.#abandon(...this.#loss);
    this.confirm();
    for (const [ref, dispatch] of this.#unanswered) {
      if (this.#send(dispatch, ref) === null) this.#unanswered.delete(ref);
    }
    this.#isCaughtUp = true;
    for (const dispatch of this.#waiting.splice(0)) this.#submit(dispatch);
  }

  /**
   * The join is lost and may come back.
   * @param graceMs how long the server keeps our place; 0 if it does not: then what is unanswered
   *   stays so
   */
  lose(type: string, why: string, graceMs: number): void {
    const refusal = "the connection is lost";
    this.#isCaughtUp = false;
    this.#loss = [type, why];
    this.#outage ??= setTimeout(() => {
      this.#refusal = refusal;
      this.#refuse(this.#waiting.splice(0), "not sent", refusal);
      this.#abandon(...this.#loss);
    }, graceMs || OUTAGE_MS);
    if (!graceMs) this.#abandon(type, why);
    this.confirm();
  }

  /** A server that answers no events has said something: they are settled by that. */
  confirm(): void {
    if (this.#unconfirmed.length > 0) this.#end(this.#unconfirmed.splice(0));
  }

  /**
   * Nothing can be sent any more until `wait` or `open`.
   * @param lost why those that were sent get no answer, if it is not for the same reason
   */
  close([type, why]: Reason, lost: Reason = [type, why]): void {
    this.#endOutage();
    this.#isCaughtUp = false;
    this.#refusal = why;
    this.#refuse(this.#waiting.splice(0), type, why);
    this.#abandon(...lost);
    this.confirm();
  }

  /** How many events up to this ref are unanswered? */
  unanswered(last: string): number {
    return [...this.#unanswered.keys()].filter((ref) => Number(ref) <= Number(last)).length;
  }

  /** The state holds what the event `ref` has done: its answer follows. */
  done(ref: string): void {
    this.#unanswered.get(ref)?.end(false);
  }

  /** Takes the reply to `ref`; replies to anything else are no concern of the outbox. */
  answer(ref: string, reply: Json): void {
    const dispatch = this.#unanswered.get(ref);
    if (!dispatch || !isObject(reply)) return;
    this.#unanswered.delete(ref);
    this.#end([dispatch]);
    if (reply.status === "ok") this.#succeed(dispatch);
    else this.#fail(dispatch, readError(reply.response, dispatch.event));
  }

  #submit(dispatch: Dispatch): void {
    if (!this.#isCaughtUp || !this.#outlet.isOpen()) {
      if (this.#refusal !== null) this.#refuse([dispatch], "not sent", this.#refusal);
      else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(dispatch);
      else this.#refuse([dispatch], "not sent", `${MAX_WAITING} events wait already`);
      return;
    }
    const ref = this.#send(dispatch);
    if (ref === null) return;
    if (this.#isAnswering) {
      this.#unanswered.set(ref, dispatch);
    } else {
      this.#unconfirmed.push(dispatch);
      this.#succeed(dispatch);
    }
  }

  /** Sends an event and returns its ref; refuses it, and returns null, where that can't be. */
  #send(dispatch: Dispatch, ref?: string): string | null {
    try {
      return this.#outlet.send(dispatch.event, dispatch.payload, ref);
    } catch (error) {
      this.#refuse([dispatch], "not sent", error instanceof Error ? error.message : `${error}`);
      return null;
    }
  }

  #succeed(dispatch: Dispatch): void {
    this.#outlet.onHandled();
    dispatch.resolve();
  }

  #end(dispatches: Dispatch[]): void {
    for (const dispatch of dispatches) dispatch.end(true);
    this.#outlet.onEnded();
  }

  #refuse(dispatches: Dispatch[], type: string, why: string): void {
    this.#end(dispatches);
    for (const dispatch of dispatches) {
      const message = `The event was not sent: ${why}.`;
      this.#fail(dispatch, { type, event: dispatch.event, message });
    }
  }

  #abandon(type: string, why: string): void {
    const dispatches = [...this.#unanswered.values()];
    this.#unanswered.clear();
    this.#end(dispatches);
    for (const dispatch of dispatches) {
      const message = `Nobody knows whether the event was handled: ${why} before the answer came.`;
      this.#fail(dispatch, { type, event: dispatch.event, message });
    }
  }

  #fail(dispatch: Dispatch, error: LiveStateError): void {
    this.#outlet.onFailed(error);
    dispatch.reject(new DispatchError({ ...error, event: dispatch.event }));
  }

  #endOutage(): void {
    clearTimeout(this.#outage);
    this.#outage = undefined;
  }
}
