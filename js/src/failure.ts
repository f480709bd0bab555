/**
 * What can go wrong between a client and its channel, in words for people.
 * It knows nothing of sockets; it only reads what they bring.
 */

import { isObject, type Json, type JsonObject } from "./json";
import { KERNEL_GONE, KERNEL_LOST, KERNEL_RESTARTING, UNMATCHED_TOPIC } from "./wire";

/** An error as elements and `livestate-error` listeners see it. */
export interface LiveStateError {
  /** What kind it is: ours, e.g. "socket error", or the server's, e.g. "raised" or "refused". */
  type: string;
  /** The event of ours that failed, if one did. */
  event?: string;
  message: string;
  /** All that the server told of it: of a refusal its keys, of a payload that does not fit its path. */
  detail?: JsonObject;
}

/** An error of an event. */
type EventError = LiveStateError & { event: string };

/** What `dispatch` rejects with: the event was not handled, or nobody knows whether it was. */
export class DispatchError extends Error implements LiveStateError {
  override readonly name = "DispatchError";
  declare readonly type: string;
  declare readonly event: string;
  declare readonly detail?: JsonObject;

  constructor(error: EventError) {
    super(error.message);
    Object.assign(this, error);
  }
}

/** Returns what `dispatch` returns for an event that fails at once; nobody has to await it. */
export function rejection(error: EventError): Promise<never> {
  const answer = Promise.reject(new DispatchError(error));
  answer.catch(() => {});
  return answer;
}

/** The type of an error in what is expected of an event. */
export const OPTIMISTIC_ERROR = "optimistic error";

/** The type of an error in the expressions of a template, which shows it in its place as well. */
export const TEMPLATE_ERROR = "template error";

/** The type of an error with which the server does not let us join. */
const JOIN_ERROR = "channel join error";

/** The types of errors that are over as soon as the channel is joined (again). */
const CONNECTION_TYPES = new Set(["socket error", JOIN_ERROR, "channel closed"]);

const KERNEL_REASONS = new Set([KERNEL_RESTARTING, KERNEL_LOST, KERNEL_GONE]);

/**
 * Tells whether an error is one of connecting, which a successful join ends.
 * @param isResumed has the channel gone on? Then it has not crashed, but was out of reach
 */
export function isConnectionError({ type, message }: LiveStateError, isResumed = false): boolean {
  if (CONNECTION_TYPES.has(type) || KERNEL_REASONS.has(message)) return true;
  return isResumed && type === "channel error";
}

/** Tells whether two errors say the same, as the `error` push and the reply of one event do. */
export function isSameError(one: LiveStateError | null, other: LiveStateError): boolean {
  return one?.type === other.type && one.event === other.event && one.message === other.message;
}

/**
 * Returns the text of an error that came from elsewhere: a string, the `reason`, `message` or `name`
 * of an object, or else the JSON itself.
 */
export function readMessage(error: Json): string {
  if (isText(error)) return error;
  if (isObject(error)) {
    const text = [error.reason, error.message, error.name].find(isText);
    if (text !== undefined) return text;
    if (isObject(error.reason)) return readMessage(error.reason);
    if (Object.keys(error).length > 0) return JSON.stringify(error);
  }
  return "no reason was given";
}

/** Returns the error of a join that the server refuses. */
export function readRefusal(topic: string, response: Json): LiveStateError {
  const reason = readMessage(response);
  const isUnmatched = reason === UNMATCHED_TOPIC;
  const message = isUnmatched ? `No channel is declared for the topic '${topic}'` : reason;
  return { type: JOIN_ERROR, message, ...detailOf(response) };
}

/** Returns the error that an `error` push or the error reply to `event` describes. */
export function readError(payload: Json, event?: string): LiveStateError {
  const { type, event: name = event }: JsonObject = isObject(payload) ? payload : {};
  return {
    type: isText(type) ? type : "error",
    ...(isText(name) ? { event: name } : {}),
    message: readMessage(payload),
    ...detailOf(payload),
  };
}

function detailOf(told: Json): Pick<LiveStateError, "detail"> {
  return isObject(told) ? { detail: told } : {};
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
