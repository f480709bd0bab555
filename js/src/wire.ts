/**
 * The names that go on the wire, each written once, and the form of refs.
 * Phoenix's own (phx_join, heartbeat of WebSockets) belong to the phoenix package.
 */

import type { Json } from "./json";

/** Server -> client: `{state, version}` replaces the state. */
export const STATE_CHANGE = "state:change";

/** Server -> client: `{patch, version}` leads from the previous version to this one. */
export const STATE_PATCH = "state:patch";

/** Server -> client: `{type, event?, message}`, something of ours went wrong. */
export const ERROR = "error";

/** Server -> client: `{key: {metas: [...]}}`, who is present on the topic (Phoenix.Presence). */
export const PRESENCE_STATE = "presence_state";

/** Server -> client: `{joins, leaves}`, each as a `presence_state`: what has changed in it. */
export const PRESENCE_DIFF = "presence_diff";

/** Client -> server: asks for a `state:change`. */
export const REFRESH = "lvs_refresh";

/**
 * Client -> server of ours: `{last}`, the ref of the last event; the reply `{sent, open}` says how
 * many messages we should have, and how many of our events are unanswered.
 */
export const SYNC = "lvs_sync";

/** Client -> server: in front of the name of a dispatched event. */
export const EVENT_PREFIX = "lvs_evt:";

/** In front of the names of the events that the client itself fires; never taken from the wire. */
export const OWN_PREFIX = "livestate-";

/** The key of the join params and of the join reply under which our client and server talk. */
export const RESERVED_KEY = "livestate";

/** The key of the join params under which a share token travels; channels never see it. */
export const SHARE_KEY = "share";

/** How the reasons begin by which a public mount refuses a join for good: asked again it says the same. */
export const SHARE_REFUSAL = /^(no )?share |^fill in /;

/** Server -> client: the answer to a message with a ref. */
export const REPLY = "phx_reply";

/** Names of the events that phoenix.js triggers or consumes itself. */
export const PHOENIX_EVENT = /^(phx_|chan_reply_)/;

/** Returns the number of a push of our server, and the ref of the event of ours that ends with it. */
export function readRef(ref: Json): { number?: number; outcome: Json } {
  const [, number, outcome = null] =
    (typeof ref === "string" && /^#(\d+)(?: (.+))?$/.exec(ref)) || [];
  if (number === undefined) return { outcome: eventOf(ref) };
  return { number: Number(number), outcome: eventOf(outcome) };
}

/** Returns the ref of an event of ours, without that of the one before it. */
export function eventOf(ref: Json): Json {
  return typeof ref === "string" ? ref.split(":")[0] : ref;
}

/** The version after which a LiveState server starts again at 0, where it does not say. */
export const DEFAULT_MAX_VERSION = 1000;

/** A heartbeat frame: needs no answer, says that the page is still there. */
export const HEARTBEAT_FRAME = '[null,null,"phoenix","heartbeat",{}]';

/** Milliseconds between heartbeats; a server drops a connection after 60 s without a frame. */
export const HEARTBEAT_MS = 30_000;

/** The reason in the reply to a join of a topic that no channel answers to. */
export const UNMATCHED_TOPIC = "unmatched topic";

/** Reasons why a topic of a kernel is lost, or its join refused: the kernel may come back, */
export const KERNEL_RESTARTING = "kernel restarting";
/** its connection may come back, */
export const KERNEL_LOST = "kernel lost";
/** or nothing will. */
export const KERNEL_GONE = "kernel gone";

/** The type of an error with which a handler refused an event, in words for who dispatched it. */
export const REFUSED = "refused";
