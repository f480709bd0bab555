/**
 * A client's part in a channel: joins its topic, sends on it, finds its place again after the
 * connection was lost, and brings what comes. It knows nothing of states, nor what is sent.
 */

import type { Channel, Socket, SocketConnectOption } from "phoenix";
import { type LiveStateError, readRefusal } from "./failure";
import { isObject, type Json } from "./json";
import { Place } from "./place";
import { mostBytes } from "./size";
import { type SharedSocket, socketFor } from "./sockets";
import {
  EVENT_PREFIX,
  PHOENIX_EVENT,
  REFRESH,
  REPLY,
  RESERVED_KEY,
  readRef,
  SHARE_KEY,
  SHARE_REFUSAL,
  SYNC,
  UNMATCHED_TOPIC,
} from "./wire";

/**
 * Options of a phoenix Socket. An `authToken` is sent beside the address; where it is a function,
 * that is asked for it whenever the socket connects.
 */
export interface SocketOptions extends Partial<Omit<SocketConnectOption, "authToken">> {
  authToken?: string | (() => string) | undefined;
}

/** What a LiveState connects to: a `url`, by a socket of the page's, or a given `socket`. */
export interface LiveStateConfig {
  /** The socket's address without its `/websocket`, e.g. `wss://host/livestate`. */
  url?: string | undefined;
  /** A phoenix Socket to use instead of `url`; it is connected, but never disconnected. */
  socket?: Socket | undefined;
  topic?: string | undefined;
  /** Sent when the topic is joined. */
  params?: object | undefined;
  /** A share token, as `Todos.share(...)` gives it to other people's pages: sent with each join. */
  share?: string | undefined;
  /** Options of the phoenix Socket that is made for `url`, for who has the same object. */
  socketOptions?: SocketOptions | undefined;
  /** The name of the session to join, where the server knows sessions by name. */
  session?: string | undefined;
}

/** Who is told of a membership. */
export interface Member {
  /** A message of the channel, in its order. */
  received(event: string, payload: Json, ref: Json): void;
  /**
   * The topic is joined.
   * @param terms what a server of ours said about it
   * @param isResumed has the channel gone on since the connection was lost?
   */
  joined(terms: Json, isResumed: boolean): void;
  /** The server does not let us join now, or, with this share or none, ever: then we have left. */
  refused(error: LiveStateError): void;
  /** The join is lost: the channel crashed or the connection went. phoenix.js joins again. */
  lost(reason: Json): void;
  /** The server closed the channel: phoenix.js does not join again. */
  closed(): void;
  /** How many events up to this ref are unanswered? */
  unanswered(last: string): number;
}

/** What phoenix.js has and @types/phoenix lacks. */
type JoinedChannel = Channel & {
  joinRef(): string;
  trigger(event: "phx_error", reason: object): void;
};

type TimedSocket = Socket & { heartbeatIntervalMs: number };

/** The channel of one topic, from join to leave and again. */
export class Membership {
  readonly topic: string;
  /** The page's socket that we use; undefined where one was given. */
  #shared: SharedSocket | undefined;
  #config: LiveStateConfig;
  #member: Member;
  #channel: Channel | null;
  #place = new Place();
  #socketErrorRef = "";
  /** Bytes that the server takes in one frame; 0 for any number. */
  #maxBytes = 0;
  #syncing: ReturnType<typeof setInterval> | undefined;
  /** The refs of the last sync, and of the event before it. */
  #sync = { ref: "", last: "" };

  /** @throws Error if it knows of no socket or no topic */
  constructor(config: LiveStateConfig, member: Member) {
    const { url, socket, topic } = config;
    if (!socket && !url) throw new Error("LiveState needs a url or a socket, and got neither");
    if (!topic) throw new Error("LiveState needs a topic, and got none");
    this.#config = config;
    this.#member = member;
    this.topic = topic;
    if (!socket) this.#shared = socketFor(config);
    this.#channel = this.#open();
  }

  get socket(): Socket {
    return this.#shared?.socket ?? (this.#config.socket as Socket);
  }

  /** The phoenix Channel; null after `leave`. */
  get channel(): Channel | null {
    return this.#channel;
  }

  /** Is the topic joined and the connection there? */
  get isOpen(): boolean {
    return this.isJoined && this.socket.isConnected();
  }

  get isJoined(): boolean {
    return this.#channel?.state === "joined";
  }

  /** May the server still have what we had there? */
  get hasPlace(): boolean {
    return this.#place.claim !== undefined;
  }

  /** Milliseconds that the server keeps our place when the connection is lost; 0 if it does not. */
  get graceMs(): number {
    return this.#place.graceMs;
  }

  /** Joins the topic. Errors of the socket, in words for people, go to `onError`. */
  join(onError: (message: string) => void): void {
    this.#takePlace();
    this.#socketErrorRef = this.socket.onError((error) => {
      const reason = (error as Partial<ErrorEvent>).message;
      onError(`The connection failed${reason ? `: ${reason}` : ""}`);
    });
    this.socket.connect();
    // As often as heartbeats: the last message that is lost has none behind it that shows that.
    const { heartbeatIntervalMs } = this.socket as TimedSocket;
    this.#syncing = setInterval(() => this.#askAll(), heartbeatIntervalMs);
    this.#channel ??= this.#open();
    this.#channel
      .join()
      .receive("ok", (response) => {
        const terms = isObject(response) ? response[RESERVED_KEY] : undefined;
        this.#maxBytes = terms?.max_bytes ?? 0;
        const isResumed = this.#place.take(terms);
        this.#member.joined(terms, isResumed);
        // Until it knows that we know, the server takes a leave for that of a join which timed out.
        if (isResumed) this.#askAll();
      })
      .receive("error", (response) => {
        const error = readRefusal(this.topic, response);
        if (SHARE_REFUSAL.test(error.message)) this.leave();
        this.#member.refused(error);
      });
  }

  /** Leaves the topic; the next join is a fresh one. */
  leave(): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#channel = null;
    clearInterval(this.#syncing);
    channel.leave();
    this.socket.off([this.#socketErrorRef]);
    this.#shared?.release(this.topic);
    this.#place.drop();
  }

  /** Takes the topic on a shared socket: another one, if somebody has joined it on ours. */
  #takePlace(): void {
    if (this.#shared && !this.#shared.suits(this.#config)) {
      if (this.#channel) this.socket.remove(this.#channel);
      this.#channel = null;
      this.#shared = socketFor(this.#config);
    }
    this.#shared?.take(this.topic);
  }

  /**
   * Sends an event and returns its ref. Answers may take as long as they like.
   * @param ref the ref that it had, when it is sent again
   * @throws Error if it can't be encoded, or the server would close the connection for its size
   */
  dispatch(event: string, payload: Json, ref: string = this.socket.makeRef()): string {
    // The server notices by the ref before it if that is lost.
    this.#push(EVENT_PREFIX + event, payload, `${ref}:${this.#place.last}`);
    this.#place.sent(ref);
    return ref;
  }

  /** Asks for the whole state. */
  refresh(): void {
    this.#push(REFRESH, {}, this.socket.makeRef());
  }

  #push(event: string, payload: Json, ref: string): void {
    const join_ref = (this.#channel as JoinedChannel).joinRef();
    const max = this.#maxBytes;
    const frame = [join_ref, ref, this.topic, event, payload];
    // phoenix.js writes it anyway: twice is only for what may be too large
    if (max && mostBytes(frame) > max) {
      // as JSON a buffer is {}, and all in front of it is longer than in its frame
      const bytes = payload instanceof ArrayBuffer ? payload.byteLength : 0;
      const size = new TextEncoder().encode(JSON.stringify(frame)).length + bytes;
      if (size > max) throw new Error(`it has ${size} bytes, and the server takes ${max}`);
    }
    this.socket.push({ topic: this.topic, event, payload, ref, join_ref });
  }

  /** Brings a message of the channel, unless it has come before, or what was before it is lost. */
  #receive(event: string, payload: Json, ref: Json): void {
    const { number, outcome } = readRef(ref);
    if (event === REPLY && ref === this.#sync.ref) {
      this.#compare(payload?.response ?? {});
    } else if (this.isJoined && this.hasPlace && payload?.response?.reason === UNMATCHED_TOPIC) {
      this.#lose(); // the channel has ended, and what told us so is lost
    } else if (PHOENIX_EVENT.test(event)) {
      this.#member.received(event, payload, outcome);
    } else if (!this.#place.isBroken) {
      if (this.#place.count(number)) this.#member.received(event, payload, outcome);
      // phoenix.js joins again: what is lost comes then.
      else if (this.#place.isBroken) this.#fail();
    }
  }

  /** Asks a server that keeps our place whether each has all that the other has sent. */
  #askAll(): void {
    if (!this.isOpen || !this.hasPlace) return;
    this.#sync = { ref: this.socket.makeRef(), last: this.#place.last };
    this.#push(SYNC, { last: this.#sync.last }, this.#sync.ref);
  }

  #compare({ sent, open }: Json): void {
    if (!this.isJoined || this.#place.isBroken) return;
    if (sent === this.#place.received && open === this.#member.unanswered(this.#sync.last)) return;
    this.#lose();
  }

  /** Lets phoenix.js join again, since something has not come. */
  #lose(): void {
    this.#place.break();
    this.#fail();
  }

  #fail(): void {
    const reason = { source: "transport", reason: "message lost" };
    (this.#channel as JoinedChannel).trigger("phx_error", reason);
  }

  /** Makes the channel; it is not joined yet. */
  #open(): Channel {
    const { params, session, share } = this.#config;
    // Asked for at each join, the first and those of phoenix.js.
    const joinParams = () => {
      const resume = this.#place.claim;
      const ours = { ...(session && { session }), ...(resume && { resume }) };
      return { ...params, ...(share && { [SHARE_KEY]: share }), [RESERVED_KEY]: ours };
    };
    const channel = this.socket.channel(this.topic, joinParams);
    /** A channel that was left may still bring messages; they are nobody's. */
    const isCurrent = () => this.#channel === channel;
    // phoenix.js tells that a join which it has given up was not answered as a message of no event.
    channel.onMessage = (event: string | null, payload: Json, ref: Json) => {
      // Before it is joined, what comes for the topic is another's.
      const isOurs = isCurrent() && channel.state !== "closed";
      if (isOurs && event !== null) this.#receive(event, payload, ref);
      return payload;
    };
    channel.onError((reason) => {
      if (isCurrent()) this.#member.lost(reason);
    });
    channel.onClose(() => {
      if (!isCurrent()) return;
      this.#place.drop();
      this.#member.closed();
    });
    return channel;
  }
}
