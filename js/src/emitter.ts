/**
 * The half of a LiveState that faces its listeners: typed, and closed to events that others make.
 * It knows nothing of states and channels.
 */

import type { Json } from "./json";
import type { Detail, Listener, LiveStateChange, Name, OwnEvents } from "./typed";

/** An EventTarget that fires only what it emits itself; events dispatched at it are sent on. */
export abstract class Emitter<S, R> extends EventTarget {
  /** The events that are fired at listeners; all others are sent to the channel. */
  #fired = new WeakSet<Event>();

  /** Calls `listener` for each event of this type: one of its own, or one that the channel pushes. */
  override addEventListener<K extends Name<R> | Name<OwnEvents<S>>>(
    type: K,
    listener: Listener<Detail<S, R, K>>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener, options);
  }

  /** Ends what `addEventListener` began. */
  override removeEventListener<K extends Name<R> | Name<OwnEvents<S>>>(
    type: K,
    listener: Listener<Detail<S, R, K>>,
    options?: boolean | EventListenerOptions,
  ): void;
  override removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener, options);
  }

  /**
   * Calls `listener` with the payload of each `event` that the channel pushes.
   * @returns the removal of the listener
   */
  on<K extends Name<R>>(event: K, listener: (payload: R[K]) => void): () => void {
    const forward = (fired: Event) => listener((fired as CustomEvent).detail);
    super.addEventListener(event, forward);
    return () => super.removeEventListener(event, forward);
  }

  /** @deprecated Use `addEventListener("livestate-change", listener)`. */
  subscribe(listener: (event: CustomEvent<LiveStateChange<S>>) => void): void {
    super.addEventListener("livestate-change", listener as EventListener);
  }

  /** @deprecated Use `removeEventListener("livestate-change", listener)`. */
  unsubscribe(listener: (event: CustomEvent<LiveStateChange<S>>) => void): void {
    super.removeEventListener("livestate-change", listener as EventListener);
  }

  /** Sends a CustomEvent to the channel: its type is the event's name, its detail the payload. */
  override dispatchEvent(event: Event): boolean {
    // Some DOMs (happy-dom) fire an event by calling this again.
    if (this.#fired.has(event)) return super.dispatchEvent(event);
    this.send(event.type, (event as CustomEvent).detail);
    return true;
  }

  /** @deprecated Use `dispatchEvent`. */
  pushCustomEvent(event: CustomEvent): void {
    this.dispatchEvent(event);
  }

  /** Sends an event on. */
  protected abstract send(event: string, payload: Json): void;

  /** Fires an event at the listeners. */
  protected emit(type: string, detail?: Json): void {
    const event = new CustomEvent(type, { detail });
    this.#fired.add(event);
    super.dispatchEvent(event);
  }
}
