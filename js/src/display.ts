/**
 * One view of one model: keeps what is shown in step with the model's traits.
 * It knows nothing of the wire and little of the page: it asks the Runtime.
 */

import type { CommModel } from "./comm";
import { Handover } from "./handover";
import type { LiveState } from "./live-state";
import type { LogEntry } from "./log";
import { isKnown, thrown } from "./mistake";
import type { Lease } from "./pool";
import type { Endpoint, Runtime } from "./runtime";
import { StockElement } from "./stock";
import { isFrom } from "./trace";
import { LiveView } from "./view";

/** What Python writes on the model. */
export interface Traits {
  /** The id of the kernel's endpoint. */
  endpoint: string;
  /** The kernel's id; "" while its server does not lead to it. */
  kernel: string;
  topic: string;
  /** The session's name. */
  session: string;
  /** The custom element's tag; "" for the stock element. */
  element: string;
  /** The element's ES module; "" for the stock element. */
  source: string;
  /** The events that the channel accepts, for the stock element. */
  events: string[];
  /** Does a handler wait for the running cell? */
  is_waiting: boolean;
  /** What handlers printed and how they failed, the last of it. */
  log: LogEntry[];
}

/** An anywidget model with our traits. */
export interface WidgetModel extends CommModel {
  get<K extends keyof Traits>(name: K): Traits[K];
}

const TRAITS: (keyof Traits)[] = [
  "endpoint",
  "topic",
  "session",
  "element",
  "source",
  "events",
  "is_waiting",
  "log",
];

/** Shows a model in a node, until it is disposed of. */
export class Display {
  #runtime: Runtime;
  #model: WidgetModel;
  #view: LiveView;
  #handover: Handover;
  #endpoint: Endpoint | undefined;
  #lease: Lease | undefined;
  /** The topic and session that are shown, and the element. */
  #shown = { address: "", module: "" };
  #isPending = false;
  #isDisposed = false;

  constructor(runtime: Runtime, model: WidgetModel, node: HTMLElement) {
    this.#runtime = runtime;
    this.#model = model;
    this.#view = new LiveView();
    this.#handover = new Handover(this.#view);
    for (const name of TRAITS) model.on(`change:${name}`, this.#onChange);
    window.addEventListener("error", this.#onError);
    window.addEventListener("unhandledrejection", this.#onError);
    this.#follow();
    node.replaceChildren(this.#view);
  }

  /** Removes the view and gives back all it holds. */
  dispose(): void {
    this.#isDisposed = true;
    for (const name of TRAITS) this.#model.off(`change:${name}`, this.#onChange);
    this.#endpoint?.carrier.removeEventListener("change", this.#onCarrierChange);
    window.removeEventListener("error", this.#onError);
    window.removeEventListener("unhandledrejection", this.#onError);
    this.#view.remove();
    this.#lease?.release();
  }

  /** Several traits change one after the other, but at once. */
  #onChange = (): void => {
    if (this.#isPending) return;
    this.#isPending = true;
    queueMicrotask(() => {
      this.#isPending = false;
      if (!this.#isDisposed) this.#follow();
    });
  };

  #onCarrierChange = (): void => {
    this.#view.isGone = this.#endpoint?.carrier.model === undefined;
  };

  /** Shows what was thrown in the element's module, as by a listener, and was caught by nobody. */
  #onError = (event: ErrorEvent | PromiseRejectionEvent): void => {
    const error: unknown = "reason" in event ? event.reason : event.error;
    const { element } = this.#view;
    if (element && isFrom(element, error)) this.#view.uncaught = error as Error;
  };

  /** Shows what the traits say. */
  #follow(): void {
    const model = this.#model;
    const [id, topic, session] = [model.get("endpoint"), model.get("topic"), model.get("session")];
    const address = JSON.stringify([id, topic, session]);
    const module = JSON.stringify([model.get("element"), model.get("source")]);
    if (address !== this.#shown.address) {
      this.#connect(id, topic, session);
      this.#shown = { address, module: "" };
    }
    if (module !== this.#shown.module) {
      this.#shown.module = module;
      this.#load();
    }
    this.#setEvents();
    this.#view.isWaiting = model.get("is_waiting");
    this.#view.log = model.get("log");
  }

  #connect(id: string, topic: string, session: string): void {
    const old = this.#lease;
    this.#endpoint?.carrier.removeEventListener("change", this.#onCarrierChange);
    this.#endpoint = this.#runtime.endpoint(id);
    this.#endpoint.carrier.addEventListener("change", this.#onCarrierChange);
    this.#lease = this.#endpoint.pool.lease(topic, session);
    old?.release();
    this.#view.liveState = this.#lease.liveState;
    this.#onCarrierChange();
  }

  /** Loads the element and puts it in place of the old one, which stays until then. */
  async #load(): Promise<void> {
    const { address, module } = this.#shown;
    const isCurrent = () =>
      !this.#isDisposed && this.#shown.address === address && this.#shown.module === module;
    const [tag, source] = [this.#model.get("element"), this.#model.get("source")];
    try {
      const element = await this.#runtime.makeElement(tag, source);
      if (!isCurrent()) return;
      (element as { liveState?: LiveState }).liveState = this.#view.liveState as LiveState;
      const { element: old } = this.#view;
      const fill = old && this.#handover.take(old);
      this.#view.element = element;
      this.#view.failure = null;
      this.#view.uncaught = null;
      this.#setEvents();
      // By then it is rendered. Waiting for its own promise would take errors away from listeners.
      if (fill) setTimeout(() => isCurrent() && fill(element));
    } catch (error) {
      if (!isCurrent()) return;
      console.error(error);
      this.#view.failure = isKnown(error) ? error : thrown(`${tag}.js`, error);
    }
  }

  #setEvents(): void {
    const { element } = this.#view;
    if (element instanceof StockElement) element.events = this.#model.get("events");
  }
}
