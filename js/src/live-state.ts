/**
 * The client of one topic: joins it, keeps its state, dispatches events and tells who listens.
 * It knows nothing of elements, notebooks or how frames travel; that is the Socket's.
 */

import type { Channel, Socket } from "phoenix";
import { bufferOf, isBytes } from "./buffer";
import { Document } from "./document";
import { Effects } from "./effects";
import { Emitter } from "./emitter";
import {
  isConnectionError,
  isSameError,
  type LiveStateError,
  OPTIMISTIC_ERROR,
  readError,
  readMessage,
  rejection,
} from "./failure";
import { isObject, type Json } from "./json";
import { type LiveStateConfig, Membership } from "./membership";
import { Outbox, type Reason } from "./outbox";
import { Pace } from "./pace";
import { Pending } from "./pending";
import { type Presences, present } from "./presences";
import type { DispatchArgs, Name, Status } from "./typed";
import * as wire from "./wire";

/** Milliseconds after which `lvs_refresh` is sent again if a patch shows that it is still needed. */
const REFRESH_MS = 5_000;

/**
 * The client of one topic of a LiveState server.
 *
 * It fires `livestate-change` ({state, version}) when the state changed, `livestate-patch`
 * ({patch, version}) for each patch, `livestate-error` ({type, event?, message}),
 * `livestate-connect` when the topic was joined, `livestate-status` ({status, error}) when either
 * changed, `livestate-pending` ({event, isPending}) when an event's name became pending or no longer
 * is, `livestate-presences` ({presences}) when who is present has changed, and a CustomEvent for
 * each event that the channel pushes, with its payload as `detail` (an ArrayBuffer if that is bytes).
 *
 * @example
 * const todos = new LiveState({ url: "wss://host/livestate", topic: "todos:me" });
 * todos.addEventListener("livestate-change", () => console.log(todos.state));
 * todos.connect();
 * await todos.dispatch("add_todo", { title: "milk" });
 */
export class LiveState<S = Json, E = Json, R = Json> extends Emitter<S, R> {
  readonly config: LiveStateConfig;
  #membership: Membership;
  #status: Status = "offline";
  #error: LiveStateError | null = null;
  /** What the server's last `error` push told, until the reply that tells the same. */
  #pushed: LiveStateError | null = null;
  /** The error that listeners are being told. */
  #telling: LiveStateError | null = null;
  #document = new Document<S>();
  #effects = new Effects<S>();
  /** The state that listeners know of. */
  #told: S | undefined;
  #outbox: Outbox;
  #pace = new Pace((event, payload, end) => this.#outbox.dispatch(event, payload, end));
  #pending = new Pending((event, isPending) =>
    this.emit("livestate-pending", { event, isPending }),
  );
  #presences: Presences = {};
  #holders = new Set<object>();
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(config: LiveStateConfig) {
    super();
    this.config = config;
    this.#membership = new Membership(config, {
      received: (event, payload, ref) => this.#receive(event, payload, ref),
      joined: (terms, isResumed) => this.#joined(terms, isResumed),
      refused: (error) => this.#refused(error),
      lost: (reason) => this.#lose(reason),
      closed: () => this.#close(),
      unanswered: (last) => this.#outbox.unanswered(last),
    });
    this.#outbox = new Outbox({
      isOpen: () => this.#membership.isOpen,
      send: (event, payload, ref) => this.#membership.dispatch(event, payload, ref),
      onEnded: () => this.#show(),
      onHandled: () => this.clearError(),
      onFailed: (error) => {
        const isPushed = this.#error === this.#pushed && isSameError(this.#error, error);
        this.#pushed = null;
        // Whoever is told of a failure may dispatch what fails alike.
        if (!isPushed && !isSameError(this.#telling, error)) this.report(error);
      },
    });
  }

  /**
   * The last state, with what is expected of events on their way; undefined until there is one. It
   * is shared: never change it.
   */
  get state(): S | undefined {
    return this.#effects.show(this.#document.state);
  }

  /** The version of the server's last state. */
  get version(): number | undefined {
    return this.#document.version;
  }

  /** The same by its name in phx-live-state. */
  get stateVersion(): number | undefined {
    return this.#document.version;
  }

  /** The phoenix Socket: the page's for this `url`, unless there are `socketOptions`. */
  get socket(): Socket {
    return this.#membership.socket;
  }

  /** The phoenix Channel; null after `disconnect()`. */
  get channel(): Channel | null {
    return this.#membership.channel;
  }

  /**
   * How the state stands: `connecting` until there is a first state, `live`, `offline` while the
   * connection is lost (the last state is kept), `error` when the server refused us or closed the
   * channel; `error` says why.
   */
  get status(): Status {
    return this.#status;
  }

  /**
   * Who is present on the topic, where its channel tells that: the metas of each, by key. It is
   * shared: never change it.
   */
  get presences(): Presences {
    return this.#presences;
  }

  /** What went wrong last; null again when an event of ours succeeds. */
  get error(): LiveStateError | null {
    return this.#error;
  }

  /** Does anyone hold this connected? (`status` says whether the state is live.) */
  get connected(): boolean {
    return this.#holders.size > 0;
  }

  /** Joins the topic, unless it is; `holder` keeps it joined until it disconnects as well. */
  connect(holder: object = this): void {
    const isFirst = !this.connected;
    this.#holders.add(holder);
    if (!isFirst) return;
    this.#outbox.wait();
    this.#set("connecting", null);
    this.#membership.join((message) => this.report({ type: "socket error", message }));
  }

  /** Leaves the topic when its last holder disconnects. The last state is kept. */
  disconnect(holder: object = this): void {
    if (!this.#holders.delete(holder) || this.connected) return;
    this.#pace.flush();
    this.#membership.leave();
    this.#document.loseSync();
    const left: Reason = ["connection closed", "the client left"];
    this.#outbox.close(["not sent", "it is not connected"], left);
    // Whoever was told of what is not sent may have connected it again.
    if (!this.connected) this.#set("offline");
  }

  /**
   * Sends an event to the channel.
   *
   * @param payload any JSON value, or an ArrayBuffer or typed array, whose bytes are copied and
   *   sent as they are; none and null are sent as `{}`
   * @param options `optimistic`: what to show until the answer; `throttle` or `debounce`: how fast to
   *   send the event, and `key`: which of them take the place of each other
   * @returns a promise that is resolved when the event was handled (with servers that do not
   *   answer events: when it was sent), or another that was sent in its place; rejected with a
   *   DispatchError when the handler failed, the connection was lost for good before the answer, or
   *   the event could not be sent. A rejection that nobody awaits is not reported as unhandled:
   *   `error` and `livestate-error` tell it as well.
   */
  dispatch<K extends Name<E>>(
    event: K,
    ...[payload, { optimistic, ...pace } = {}]: DispatchArgs<S, E[K]>
  ): Promise<void> {
    const sent: Json = isBytes(payload) ? bufferOf(payload) : (payload ?? {});
    const effect = (draft: S) => optimistic?.(draft, sent);
    if (optimistic) {
      try {
        this.#effects.add(this.#document.state, effect);
      } catch (error) {
        const message = `The event was not sent: what was expected of it threw ${error}`;
        const failure = { type: OPTIMISTIC_ERROR, event, message };
        this.report(failure);
        return rejection(failure);
      }
    }
    this.#pending.begin(event);
    const answer = this.#pace.dispatch(event, sent, pace, (isSettled) => {
      this.#effects.remove(effect);
      if (isSettled) this.#pending.end(event);
    });
    this.#show();
    return answer;
  }

  /** Sends an event to the channel without asking what became of it. */
  pushEvent<K extends Name<E>>(event: K, ...args: DispatchArgs<S, E[K]>): void {
    this.dispatch(event, ...args);
  }

  /**
   * Is an event of this name (or any, without a name) on its way: waiting to be sent, or for its
   * answer? With servers that do not answer events, until they send the next state or patch.
   */
  isPending(event?: Name<E>): boolean {
    return this.#pending.has(event);
  }

  /** Makes an error known: sets `error` and fires `livestate-error`. */
  report(error: LiveStateError): void {
    this.#report(this.#status, error);
  }

  /** Forgets the error, as when somebody has read it. */
  clearError(): void {
    this.#set(this.#status, null);
  }

  #receive(event: string, payload: Json, ref: Json): void {
    if (event === wire.STATE_CHANGE) this.#replace(payload);
    else if (event === wire.STATE_PATCH) this.#patch(payload, ref);
    else if (event === wire.ERROR) this.#fail(payload);
    else if (event === wire.REPLY) {
      // On a lost join the server only says that the topic is unmatched: then nobody got the event.
      if (this.#membership.isJoined) this.#outbox.answer(ref, payload);
    } else if (!event.startsWith(wire.OWN_PREFIX) && !wire.PHOENIX_EVENT.test(event)) {
      this.#meet(present(this.#presences, event, payload));
      this.emit(event, payload);
    }
  }

  #meet(presences: Presences): void {
    if (presences === this.#presences) return;
    this.#presences = presences;
    this.emit("livestate-presences", { presences });
  }

  #replace(payload: Json): void {
    this.#document.replace(payload);
    this.#outbox.confirm();
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    this.#changed();
  }

  /** @param ref the event of ours that ends with this patch; null where none does, or nobody knows */
  #patch(payload: Json, ref: Json): void {
    this.emit("livestate-patch", payload);
    const isApplied = this.#document.patch(payload);
    if (isApplied) this.#outbox.done(ref);
    this.#outbox.confirm();
    if (isApplied) this.#changed();
    else this.#refresh();
  }

  /** Takes an `error` push; without a state it tells that init failed, and there will be none. */
  #fail(payload: Json): void {
    const status = this.#document.isSynced ? this.#status : "error";
    this.#pushed = readError(payload);
    this.#report(status, this.#pushed, payload);
  }

  #joined(terms: Json, isResumed: boolean): void {
    this.#document.maxVersion = terms?.max_version ?? wire.DEFAULT_MAX_VERSION;
    if (!isResumed) this.#document.loseSync();
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    this.#outbox.open(isObject(terms), isResumed);
    const error = this.#error && isConnectionError(this.#error, isResumed) ? null : this.#error;
    this.#set(this.#status === "error" ? "connecting" : this.#status, error);
    if (this.#document.isSynced) this.#set("live");
    else if (isResumed && this.version !== undefined) this.#refresh();
    this.emit("livestate-connect");
  }

  #lose(reason: Json): void {
    const isCrash = !(isObject(reason) && reason.source === "transport");
    const { graceMs } = this.#membership;
    if (isCrash) {
      this.#report("offline", { type: "channel error", message: readMessage(reason) });
      this.#outbox.lose("channel error", "the channel crashed", graceMs);
    } else {
      this.#set("offline");
      this.#outbox.lose("connection lost", "the connection was lost", graceMs);
    }
  }

  #refused(error: LiveStateError): void {
    this.#report("error", error);
    if (!this.#membership.hasPlace) this.#outbox.close([error.type, error.message]);
  }

  #close(): void {
    const [type, message]: Reason = ["channel closed", "The server closed the channel"];
    this.#document.loseSync();
    this.#report("error", { type, message });
    this.#outbox.close([type, message]);
  }

  #changed(): void {
    this.#set("live");
    this.#told = this.state;
    this.emit("livestate-change", { state: this.#told, version: this.version });
  }

  /** Tells of the state if another is shown than before. */
  #show(): void {
    const { state, version } = this;
    if (state === this.#told) return;
    this.#told = state;
    this.emit("livestate-change", { state, version });
  }

  /** Asks for the whole state: once for each gap, again only if the answer seems to be lost. */
  #refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = now;
    this.#membership.refresh();
  }

  protected override send(event: string, payload: Json): void {
    (this as LiveState).dispatch(event, payload);
  }

  #report(status: Status, error: LiveStateError, detail: Json = error): void {
    const outer = this.#telling;
    this.#telling = error;
    this.#set(status, error);
    this.emit("livestate-error", detail);
    this.#telling = outer;
  }

  #set(status: Status, error: LiveStateError | null = this.#error): void {
    if (status === this.#status && error === this.#error) return;
    this.#status = status;
    this.#error = error;
    this.emit("livestate-status", { status, error });
  }
}
