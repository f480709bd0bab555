/**
 * The types of what a LiveState sends and fires, by name. `E` is an interface of the events that a
 * channel accepts with their payloads, `R` one of those that it pushes with their details, as
 * `jupyter livestate types` writes them; `Json` (any) in their place allows everything.
 */

import type { Effect } from "./change";
import type { LiveStateError } from "./failure";
import type { Json } from "./json";
import type { PaceOptions } from "./pace";
import type { Operation } from "./patch";
import type { Presences } from "./presences";

/** How the state stands: see LiveState.status. */
export type Status = "connecting" | "live" | "offline" | "error";

/** The detail of `livestate-change`. */
export interface LiveStateChange<S = object> {
  state: S;
  version: number;
}

/** The detail of `livestate-patch`. */
export interface LiveStatePatch {
  patch: readonly Operation[];
  version: number;
}

/** The details of the events that a LiveState itself fires. */
export interface OwnEvents<S> {
  "livestate-change": LiveStateChange<S>;
  "livestate-connect": null;
  "livestate-error": LiveStateError;
  "livestate-patch": LiveStatePatch;
  "livestate-pending": { event: string; isPending: boolean };
  "livestate-presences": { presences: Presences };
  "livestate-status": { status: Status; error: LiveStateError | null };
}

/** The names in an interface of events. */
export type Name<E> = keyof E & string;

/** How `dispatch` sends an event with a payload of type `P`, and what is shown meanwhile. */
export interface DispatchOptions<S = Json, P = Json> extends PaceOptions {
  /**
   * What the event is expected to do: returns another state, or writes into the draft that it gets.
   * It is shown until the event is answered, and called again whenever the server's state changes
   * before that. It must do nothing else.
   */
  optimistic?: Effect<S, [payload: P]>;
}

/** What `dispatch` takes after the event; a payload may be left out if nothing in it is required. */
export type DispatchArgs<S, P> = undefined extends P
  ? [payload?: P, options?: DispatchOptions<S, P>]
  : Record<never, never> extends P
    ? [payload?: P, options?: DispatchOptions<S, P>]
    : [payload: P, options?: DispatchOptions<S, P>];

/** The detail of an event that a LiveState fires, its own or the channel's. */
export type Detail<S, R, K> = K extends keyof OwnEvents<S>
  ? OwnEvents<S>[K]
  : K extends keyof R
    ? R[K]
    : never;

/** A listener of such an event. */
export type Listener<D> = ((event: CustomEvent<D>) => void) | EventListenerObject | null;
