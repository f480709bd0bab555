/**
 * What makes any Lit element live: a ReactiveController that renders it again when its topic's
 * state or status changes. It knows nothing of notebooks.
 */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import { DispatchError, type LiveStateError } from "./failure";
import { readForm } from "./form";
import type { Json, JsonObject } from "./json";
import { LiveState, type Status } from "./live-state";

/** Where an element's state comes from, as options of the controller or properties of the host. */
export interface LiveSource {
  /** Takes precedence over `url` and `topic`. */
  liveState?: LiveState | undefined;
  /** The socket's address without its `/websocket`. */
  url?: string | undefined;
  topic?: string | undefined;
  /** Sent when the topic is joined. */
  params?: JsonObject | undefined;
}

/** Options of `submit`. */
export interface SubmitOptions {
  /** Reset the form once the event was handled; true if left out. */
  reset?: boolean;
}

/** A listener of the channel's events and, while it is attached, its removal. */
interface Listener {
  event: string;
  listener: (payload: Json) => void;
  remove?: (() => void) | undefined;
}

/**
 * Connects a Lit element to a topic while the element is in a document.
 *
 * @example
 * class Clock extends LitElement {
 *   live = new LiveController(this, { url: "wss://host/livestate", topic: "clock" });
 *   render() {
 *     return html`${this.live.state?.time}`;
 *   }
 * }
 */
export class LiveController<S = Json> implements ReactiveController {
  #host: ReactiveControllerHost & HTMLElement;
  #source: LiveSource | undefined;
  #liveState: LiveState<S> | undefined;
  /** The url, topic and params that `#liveState` was made for. */
  #made = "";
  #listeners = new Set<Listener>();

  /** @param source where the state comes from; if left out, the host's properties of these names */
  constructor(host: ReactiveControllerHost & HTMLElement, source?: LiveSource) {
    this.#host = host;
    this.#source = source;
    host.addController(this);
  }

  /** The last state; undefined until there is one. It is shared: never change it. */
  get state(): S | undefined {
    return this.#liveState?.state;
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

  /** Sends an event to the channel. See LiveState.dispatch; without a connection it rejects. */
  dispatch(event: string, payload?: Json): Promise<void> {
    if (this.#liveState) return this.#liveState.dispatch(event, payload);
    const message = "The event was not sent: the element has no url and topic.";
    const answer = Promise.reject(new DispatchError("not sent", event, message));
    answer.catch(() => {});
    return answer;
  }

  /**
   * Returns a listener for a form's `submit`: it dispatches `event` with the form's data.
   *
   * The payload has a key for each field; fields with the same name make a list. Once the event
   * was handled without error, the form is reset, unless `reset` is false. Files can't be sent:
   * the error says so.
   */
  submit(event: string, { reset = true }: SubmitOptions = {}): (submitted: SubmitEvent) => void {
    return (submitted) => {
      submitted.preventDefault();
      const form = submitted.target as HTMLFormElement;
      let payload: JsonObject;
      try {
        payload = readForm(form, submitted.submitter);
      } catch (error) {
        this.#liveState?.report({ type: "form error", event, message: (error as Error).message });
        return;
      }
      this.dispatch(event, payload).then(
        () => reset && form.reset(),
        () => {},
      );
    };
  }

  /**
   * Calls `listener` with the payload of each `event` that the channel pushes.
   * @returns the removal of the listener
   */
  on(event: string, listener: (payload: Json) => void): () => void {
    const entry: Listener = { event, listener };
    entry.remove = this.#liveState?.on(event, listener);
    this.#listeners.add(entry);
    return () => {
      entry.remove?.();
      this.#listeners.delete(entry);
    };
  }

  hostConnected(): void {
    this.#attach();
  }

  hostUpdate(): void {
    if (this.#host.isConnected) this.#attach();
  }

  hostDisconnected(): void {
    // An element that is moved is connected again at once.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.#use(undefined);
    });
  }

  /** Connects to what the source names now, unless it is connected to that. */
  #attach(): void {
    const source = this.#source ?? (this.#host as LiveSource);
    const { liveState, url, topic, params } = source;
    if (liveState) {
      this.#made = "";
      this.#use(liveState);
    } else if (url && topic) {
      const made = JSON.stringify([url, topic, params]);
      if (this.#liveState && made === this.#made) return;
      this.#made = made;
      this.#use(new LiveState({ url, topic, ...(params && { params }) }));
    } else {
      this.#use(undefined);
    }
  }

  #use(liveState: LiveState<S> | undefined): void {
    const old = this.#liveState;
    if (liveState === old) return;
    this.#liveState = liveState;
    if (old) {
      old.removeEventListener("livestate-change", this.#update);
      old.removeEventListener("livestate-status", this.#update);
      old.disconnect(this);
    }
    if (liveState) {
      liveState.addEventListener("livestate-change", this.#update);
      liveState.addEventListener("livestate-status", this.#update);
      liveState.connect(this);
    }
    for (const entry of this.#listeners) {
      entry.remove?.();
      entry.remove = liveState?.on(entry.event, entry.listener);
    }
    this.#update();
  }

  #update = (): void => {
    this.#host.requestUpdate();
  };
}
