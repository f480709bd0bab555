/**
 * The client of one topic: joins it, keeps its state, dispatches events and tells who listens.
 * It knows nothing of elements, notebooks or how frames travel; that is the Socket's.
 */

import { type Channel, Socket, type SocketConnectOption } from "phoenix";
import { Document } from "./document";
import { Emitter } from "./emitter";
import {
  isConnectionError,
  isSameError,
  type LiveStateError,
  readError,
  readMessage,
  readRefusal,
} from "./failure";
import { isObject, type Json } from "./json";
import { Outbox } from "./outbox";
import { Place } from "./place";
import type { Name, PayloadArgs, Status } from "./typed";
import * as wire from "./wire";

/** What a LiveState connects to: a `url` of its own, or a `socket` that others use as well. */
export interface LiveStateConfig {
  /** The socket's address without its `/websocket`, e.g. `wss://host/livestate`. */
  url?: string | undefined;
  /** A phoenix Socket to use instead of `url`; it is connected, but never disconnected. */
  socket?: Socket | undefined;
  topic?: string | undefined;
  /** Sent when the topic is joined. */
  params?: object | undefined;
  /** Options of the phoenix Socket that is made for `url`. */
  socketOptions?: Partial<SocketConnectOption> | undefined;
  /** The name of the session to join, where the server knows sessions by name. */
  session?: string | undefined;
}

/** What phoenix.js has and @types/phoenix lacks. */
type JoinedChannel = Channel & { joinRef(): string };

/** Milliseconds after which `lvs_refresh` is sent again if a patch shows that it is still needed. */
const REFRESH_MS = 5_000;

/**
 * The client of one topic of a LiveState server.
 *
 * It fires `livestate-change` ({state, version}) when the state changed, `livestate-patch`
 * ({patch, version}) for each patch, `livestate-error` ({type, event?, message}),
 * `livestate-connect` when the topic was joined, `livestate-status` ({status, error}) when either
 * changed, and a CustomEvent for each event that the channel pushes, with its payload as `detail`
 * (an ArrayBuffer if that is bytes).
 *
 * @example
 * const todos = new LiveState({ url: "wss://host/livestate", topic: "todos:me" });
 * todos.addEventListener("livestate-change", () => console.log(todos.state));
 * todos.connect();
 * await todos.dispatch("add_todo", { title: "milk" });
 */
export class LiveState<S = Json, E = Json, R = Json> extends Emitter<S, R> {
  readonly config: LiveStateConfig;
  readonly socket: Socket;
  readonly #topic: string;
  #channel: Channel | null;
  #status: Status = "offline";
  #error: LiveStateError | null = null;
  #document = new Document<S>();
  #outbox: Outbox;
  #place = new Place();
  #holders = new Set<object>();
  #socketErrorRef = "";
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(config: LiveStateConfig) {
    super();
    const { url, socket, socketOptions, topic } = config;
    if (!socket && !url) throw new Error("LiveState needs a url or a socket, and got neither");
    if (!topic) throw new Error("LiveState needs a topic, and got none");
    this.config = config;
    this.socket = socket ?? new Socket(url as string, socketOptions);
    this.#topic = topic;
    this.#channel = this.#open();
    this.#outbox = new Outbox({
      isOpen: () => this.#channel?.state === "joined" && this.socket.isConnected(),
      send: (event, payload, ref) => this.#push(wire.EVENT_PREFIX + event, payload, ref),
      onHandled: () => this.clearError(),
      onFailed: (error) => {
        // The server's `error` push may have told the same before.
        if (!isSameError(this.#error, error)) this.report(error);
      },
    });
  }

  /** The last state; undefined until there is one. It is shared: never change it. */
  get state(): S | undefined {
    return this.#document.state;
  }

  /** The version of `state`. */
  get version(): number | undefined {
    return this.#document.version;
  }

  /** The version of `state`, by its name in phx-live-state. */
  get stateVersion(): number | undefined {
    return this.#document.version;
  }

  /** The phoenix Channel; null after `disconnect()`. */
  get channel(): Channel | null {
    return this.#channel;
  }

  /**
   * How the state stands: `connecting` until there is a first state, `live`, `offline` while the
   * connection is lost (the last state is kept), `error` when the server refused us or closed the
   * channel; `error` says why.
   */
  get status(): Status {
    return this.#status;
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
    this.#socketErrorRef = this.socket.onError((error) => {
      const reason = (error as Partial<ErrorEvent>).message;
      const message = `The connection failed${reason ? `: ${reason}` : ""}`;
      this.report({ type: "socket error", message });
    });
    this.socket.connect();
    this.#join();
  }

  /** Leaves the topic when its last holder disconnects. The last state is kept. */
  disconnect(holder: object = this): void {
    if (!this.#holders.delete(holder) || this.connected) return;
    const channel = this.#channel;
    this.#channel = null;
    channel?.leave();
    this.socket.off([this.#socketErrorRef]);
    if (!this.config.socket) this.socket.disconnect();
    this.#document.loseSync();
    this.#place.drop();
    this.#set("offline");
    this.#outbox.close("not sent", "it is not connected");
  }

  /**
   * Sends an event to the channel.
   *
   * @param payload any JSON value, or an ArrayBuffer or typed array, whose bytes are copied and
   *   sent as they are; none and null are sent as `{}`
   * @returns a promise that is resolved when the event was handled (with servers that do not
   *   answer events: when it was sent); rejected with a DispatchError when the handler failed, the
   *   connection was lost for good before the answer, or the event could not be sent. A rejection
   *   that nobody awaits is not reported as unhandled: `error` and `livestate-error` tell it as well.
   */
  dispatch<K extends Name<E>>(event: K, ...[payload]: PayloadArgs<E[K]>): Promise<void> {
    return this.#outbox.dispatch(event, payload);
  }

  /** Sends an event to the channel without asking what became of it. */
  pushEvent<K extends Name<E>>(event: K, ...[payload]: PayloadArgs<E[K]>): void {
    this.#outbox.dispatch(event, payload);
  }

  /** Makes an error known: sets `error` and fires `livestate-error`. */
  report(error: LiveStateError): void {
    this.#report(this.#status, error);
  }

  /** Forgets the error, as when somebody has read it. */
  clearError(): void {
    this.#set(this.#status, null);
  }

  /** Makes the channel; it is not joined yet. */
  #open(): Channel {
    const { params, session } = this.config;
    // Asked for at each join, the first and those of phoenix.js.
    const joinParams = () => {
      const resume = this.#place.claim;
      const ours = { ...(session ? { session } : {}), ...(resume ? { resume } : {}) };
      return { ...params, [wire.RESERVED_KEY]: ours };
    };
    const channel = this.socket.channel(this.#topic, joinParams);
    /** A channel that was left may still bring messages; they are nobody's. */
    const isCurrent = () => this.#channel === channel;
    // phoenix.js tells that a join which it has given up was not answered as a message of no event.
    channel.onMessage = (event: string | null, payload: Json, ref: Json) => {
      if (isCurrent() && event !== null) {
        this.#place.count(event);
        this.#receive(event, payload, ref);
      }
      return payload;
    };
    channel.onError((reason) => {
      if (isCurrent()) this.#lose(reason);
    });
    channel.onClose(() => {
      if (isCurrent()) this.#close();
    });
    return channel;
  }

  #join(): void {
    this.#channel ??= this.#open();
    this.#channel
      .join()
      .receive("ok", (response) => this.#joined(response))
      .receive("error", (response) => this.#refused(readRefusal(this.#topic, response)));
  }

  #receive(event: string, payload: Json, ref: Json): void {
    if (event === wire.STATE_CHANGE) this.#replace(payload);
    else if (event === wire.STATE_PATCH) this.#patch(payload);
    else if (event === wire.ERROR) this.#fail(payload);
    else if (event === wire.REPLY) {
      // On a lost join the server only says that the topic is unmatched: then nobody got the event.
      if (this.#channel?.state === "joined") this.#outbox.answer(ref, payload);
    } else if (!event.startsWith(wire.OWN_PREFIX) && !wire.PHOENIX_EVENT.test(event)) {
      this.emit(event, payload);
    }
  }

  #replace(payload: Json): void {
    this.#document.replace(payload);
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    this.#changed();
  }

  #patch(payload: Json): void {
    this.emit("livestate-patch", payload);
    if (this.#document.patch(payload)) this.#changed();
    else this.#refresh();
  }

  /** Takes an `error` push; without a state it tells that init failed, and there will be none. */
  #fail(payload: Json): void {
    const status = this.#document.isSynced ? this.#status : "error";
    this.#report(status, readError(payload), payload);
  }

  #joined(response: Json): void {
    const terms = isObject(response) ? response[wire.RESERVED_KEY] : undefined;
    this.#document.maxVersion = terms?.max_version ?? wire.DEFAULT_MAX_VERSION;
    const isResumed = this.#place.take(terms);
    if (!isResumed) this.#document.loseSync();
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
    const error = this.#error && isConnectionError(this.#error, isResumed) ? null : this.#error;
    this.#set(this.#status === "error" ? "connecting" : this.#status, error);
    if (this.#document.isSynced) this.#set("live");
    else if (isResumed && this.version !== undefined) this.#refresh();
    this.#outbox.open(isObject(terms), isResumed);
    this.emit("livestate-connect");
  }

  /** The join is lost: the channel crashed or the connection went. phoenix.js joins again. */
  #lose(reason: Json): void {
    const isCrash = !(isObject(reason) && reason.source === "transport");
    const { graceMs } = this.#place;
    if (isCrash) {
      this.#report("offline", { type: "channel error", message: readMessage(reason) });
      this.#outbox.lose("channel error", "the channel crashed", graceMs);
    } else {
      this.#set("offline");
      this.#outbox.lose("connection lost", "the connection was lost", graceMs);
    }
  }

  /** The server does not let us join (now): what we had there may still be kept. */
  #refused(message: string): void {
    const type = "channel join error";
    this.#report("error", { type, message });
    if (!this.#place.claim) this.#outbox.close(type, message);
  }

  /** The server closed the channel: phoenix.js does not join again. */
  #close(): void {
    const [type, message] = ["channel closed", "The server closed the channel"];
    this.#document.loseSync();
    this.#place.drop();
    this.#report("error", { type, message });
    this.#outbox.close(type, message);
  }

  #changed(): void {
    const { state, version } = this;
    this.#set("live");
    this.emit("livestate-change", { state, version });
  }

  /** Asks for the whole state: once for each gap, again only if the answer seems to be lost. */
  #refresh(): void {
    const now = performance.now();
    if (now - this.#refreshedAt < REFRESH_MS) return;
    this.#refreshedAt = now;
    this.#push(wire.REFRESH, {});
  }

  /** Sends a message of the channel and returns its ref. Answers may take as long as they like. */
  #push(event: string, payload: Json, ref: string = this.socket.makeRef()): string {
    const join_ref = (this.#channel as JoinedChannel).joinRef();
    this.socket.push({ topic: this.#topic, event, payload, ref, join_ref });
    return ref;
  }

  protected override send(event: string, payload: Json): void {
    this.#outbox.dispatch(event, payload);
  }

  #report(status: Status, error: LiveStateError, detail: Json = error): void {
    this.#set(status, error);
    this.emit("livestate-error", detail);
  }

  #set(status: Status, error: LiveStateError | null = this.#error): void {
    if (status === this.#status && error === this.#error) return;
    this.#status = status;
    this.#error = error;
    this.emit("livestate-status", { status, error });
  }
}
