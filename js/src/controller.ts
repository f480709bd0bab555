/**
 * What makes any Lit element live: a ReactiveController that renders it again when its topic's
 * state or status changes. It knows nothing of notebooks.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { type LiveStateError, rejection } from "./failure";
import { awaitAnswer, isBusy, readForm } from "./form";
import type { Json, JsonObject } from "./json";
import { Kept, keptFor } from "./kept";
import type { LiveState } from "./live-state";
import type { SocketOptions } from "./membership";
import type { Presences } from "./presences";
import { Selection, type Selector } from "./selection";
import type { DispatchArgs, DispatchOptions, Name, Status } from "./typed";

/** Where an element's state comes from, as options of the controller or properties of the host. */
export interface LiveSource<S = Json, E = Json, R = Json> {
  /** Takes precedence over `url` and `topic`. */
  liveState?: LiveState<S, E, R> | undefined;
  /** The socket's address without its `/websocket`. */
  url?: string | undefined;
  topic?: string | undefined;
  /** Sent when the topic is joined. */
  params?: object | undefined;
  /** A share token: what opens a topic to other people's pages. */
  share?: string | undefined;
  /** Options of the phoenix Socket that is made for `url`, as an `authToken`. */
  socketOptions?: SocketOptions | undefined;
}

/** Options of `submit`. */
export interface SubmitOptions<S = Json> extends Pick<DispatchOptions<S>, "optimistic"> {
  /** Reset the form once the event was handled; true if left out. */
  reset?: boolean;
}

/** A listener of the channel's events: it is attached to what the controller is connected to. */
interface Hearing<S, E, R> {
  attach(liveState: LiveState<S, E, R>): () => void;
  /** Its removal, while it is attached. */
  remove: (() => void) | undefined;
}

/**
 * Connects a Lit element to a topic while the element is in a document.
 *
 * It renders the element again when the state or the status changed; if something is selected,
 * only when that, or the status, is another.
 *
 * @example
 * class Clock extends LitElement {
 *   live = new LiveController(this, { url: "wss://host/livestate", topic: "clock" });
 *   time = this.live.select("time");
 *   render() {
 *     return html`${this.time.value}`;
 *   }
 * }
 */
export class LiveController<S = Json, E = Json, R = Json> implements ReactiveController {
  #host: ReactiveControllerHost & HTMLElement;
  #source: LiveSource<S, E, R> | undefined;
  #liveState: LiveState<S, E, R> | undefined;
  /** Is it connected to that? Out of the page it shows the last state on, as it may come back. */
  #isAttached = false;
  /** What was made for a url and a topic. */
  #kept = new Kept<S, E, R>();
  #listeners = new Set<Hearing<S, E, R>>();
  #selections = new Map<Selector<S, Json>, Selection<Json, S>>();
  /** Is the host being rendered? */
  #isUpdating = false;
  /** What `isPending` was asked for, and what it said last. */
  #pendings = new Map<Name<E> | undefined, boolean>();
  /** Was `presences` asked for? */
  #isMeeting = false;

  /** @param source where the state comes from; if left out, the host's properties of these names */
  constructor(host: ReactiveControllerHost & HTMLElement, source?: LiveSource<S, E, R>) {
    this.#host = host;
    this.#source = source;
    host.addController(this);
  }

  /** The last state; undefined until there is one. It is shared: never change it. */
  get state(): S | undefined {
    return this.#liveState?.state;
  }

  /** What it is connected to, or was before the element left the page; undefined if it is nothing. */
  get liveState(): LiveState<S, E, R> | undefined {
    return this.#liveState;
  }

  get version(): number | undefined {
    return this.#liveState?.version;
  }

  get status(): Status {
    return this.#liveState?.status ?? "connecting";
  }

  /** What went wrong last; null again when an event of ours succeeds. */
  get error(): LiveStateError | null {
    return this.#liveState?.error ?? null;
  }

  /**
   * Who is present on the topic, where its channel tells that: see LiveState.presences. From then on
   * the host is rendered again when that changes.
   */
  get presences(): Presences {
    this.#isMeeting = true;
    return this.#liveState?.presences ?? {};
  }

  /**
   * Selects a part of the state, whose `value` is then at hand in `render`; from then on the host
   * is rendered again only if something that was selected, or the status, is another.
   *
   * @param selector a path such as `user.names[0]`, or a function of the state, whose results are
   *   compared by the identity of their members
   * @throws Error for text that is no path, and in `render` for a function that was not selected
   *   before: one that is made anew each time would be selected as often
   */
  select<T = Json>(selector: Selector<S, T>): Selection<T, S> {
    const known = this.#selections.get(selector);
    if (known) return known;
    if (this.#isUpdating && typeof selector === "function") {
      throw new Error(
        "select: in render expected a path, or a function that was selected before, got a new function: select it in a field of the class, and read its value in render",
      );
    }
    const selection = new Selection(selector);
    selection.update(this.state);
    this.#selections.set(selector, selection);
    return selection;
  }

  /**
   * Sends an event to the channel. See LiveState.dispatch; without a connection it rejects. Events
   * that are throttled or debounced take the place only of those of the same element.
   */
  dispatch<K extends Name<E>>(
    event: K,
    ...[payload, options]: DispatchArgs<S, E[K]>
  ): Promise<void> {
    if (!this.#liveState) {
      const message = "The event was not sent: the element has no url and topic.";
      return rejection({ type: "not sent", event, message });
    }
    const args = [payload, { key: this, ...options }] as DispatchArgs<S, E[K]>;
    return this.#liveState.dispatch(event, ...args);
  }

  /**
   * Is an event of this name (or any, without a name) on its way? See LiveState.isPending. From then
   * on the host is rendered again when that changes.
   */
  isPending(event?: Name<E>): boolean {
    const isPending = this.#liveState?.isPending(event) ?? false;
    this.#pendings.set(event, isPending);
    return isPending;
  }

  /**
   * Returns a listener for a form's `submit`: it dispatches `event` with the form's data.
   *
   * The payload has a key for each field; fields with the same name make a list. Once the event
   * was handled without error, the form is reset, unless somebody has typed on or `reset` is false;
   * until then it is `aria-busy` and not sent again. `optimistic` is as for `dispatch`. Files can't
   * be sent: the error says so.
   */
  submit(
    event: Name<E>,
    { reset = true, ...options }: SubmitOptions<S> = {},
  ): (submitted: SubmitEvent) => void {
    return (submitted) => {
      submitted.preventDefault();
      const form = submitted.target as HTMLFormElement;
      // Its data is on the way already.
      if (isBusy(form)) return;
      let payload: JsonObject;
      try {
        payload = readForm(form, submitted.submitter);
      } catch (error) {
        this.#liveState?.report({ type: "form error", event, message: (error as Error).message });
        return;
      }
      // What a form holds is known when it is sent: the server checks it.
      awaitAnswer(form, this.dispatch(event, ...([payload, options] as Json)), reset);
    };
  }

  /**
   * Calls `listener` with the payload of each `event` that the channel pushes.
   * @returns the removal of the listener
   */
  on<K extends Name<R>>(event: K, listener: (payload: R[K]) => void): () => void {
    const attach = (liveState: LiveState<S, E, R>) => liveState.on(event, listener);
    const hearing: Hearing<S, E, R> = { attach, remove: undefined };
    if (this.#isAttached && this.#liveState) hearing.remove = attach(this.#liveState);
    this.#listeners.add(hearing);
    return () => {
      hearing.remove?.();
      this.#listeners.delete(hearing);
    };
  }

  hostConnected(): void {
    this.#attach();
  }

  hostUpdate(): void {
    if (this.#host.isConnected) this.#attach();
    this.#isUpdating = true;
  }

  hostUpdated(): void {
    this.#isUpdating = false;
  }

  hostDisconnected(): void {
    // An element that is moved is connected again at once.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.#detach();
    });
  }

  /** Connects to what the source names now, unless it is connected to that. */
  #attach(): void {
    const source = this.#source ?? (this.#host as LiveSource<S, E, R>);
    this.#use(source.liveState ?? keptFor(source, this.#kept));
  }

  #use(liveState: LiveState<S, E, R> | undefined): void {
    if (this.#isAttached && liveState === this.#liveState) return;
    this.#detach();
    this.#isAttached = true;
    this.#liveState = liveState;
    if (liveState) {
      liveState.addEventListener("livestate-change", this.#change);
      liveState.addEventListener("livestate-status", this.#update);
      liveState.addEventListener("livestate-pending", this.#pend);
      liveState.addEventListener("livestate-presences", this.#meet);
      liveState.connect(this);
      for (const hearing of this.#listeners) hearing.remove = hearing.attach(liveState);
    }
    this.#select();
    this.#update();
  }

  #detach(): void {
    const liveState = this.#liveState;
    if (!this.#isAttached) return;
    this.#isAttached = false;
    for (const hearing of this.#listeners) {
      hearing.remove?.();
      hearing.remove = undefined;
    }
    liveState?.removeEventListener("livestate-change", this.#change);
    liveState?.removeEventListener("livestate-status", this.#update);
    liveState?.removeEventListener("livestate-pending", this.#pend);
    liveState?.removeEventListener("livestate-presences", this.#meet);
    liveState?.disconnect(this);
  }

  /** Brings the selections up to date, and tells whether one is another. */
  #select(): boolean {
    // All of them, whatever the first ones say.
    const selections = [...this.#selections.values()];
    return selections.filter((selection) => selection.update(this.state)).length > 0;
  }

  #change = (): void => {
    if (this.#select() || this.#selections.size === 0) this.#update();
  };

  #pend = (): void => {
    const isPending = (event?: Name<E>) => this.#liveState?.isPending(event);
    if ([...this.#pendings].some(([event, before]) => isPending(event) !== before)) this.#update();
  };

  #meet = (): void => {
    if (this.#isMeeting) this.#update();
  };

  #update = (): void => {
    this.#host.requestUpdate();
  };
}
