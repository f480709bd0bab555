/**
 * `<live-template>`: HTML with directives that shows the state of a topic, and the class of elements
 * that do the same with HTML from a string. It knows nothing of notebooks.
 */

import { adoptStyles, type PropertyDeclarations, type PropertyValues, ReactiveElement } from "lit";
import { consumeContext, provideContext } from "./context";
import { LiveController } from "./controller";
import type { LiveStateError } from "./failure";
import type { JsonObject } from "./json";
import { Kept, keptFor } from "./kept";
import type { LiveState } from "./live-state";
import type { SocketOptions } from "./membership";
import { TAG, templateIn } from "./template-content";
import { markPlaces } from "./template-source";
import { type TemplateOwner, TemplateView } from "./template-view";
import { theme } from "./theme";

/** The properties that say what to connect to. */
const NAMING = ["url", "topic", "params", "share", "socketOptions"];

/** An element that has a template in it. */
abstract class TemplateElement extends ReactiveElement implements TemplateOwner {
  static override properties: PropertyDeclarations = {
    url: { type: String },
    topic: { type: String },
    params: { type: Object },
    share: { type: String },
    socketOptions: { attribute: false },
    liveState: { attribute: false },
    provided: { attribute: "provide-context" },
    consumed: { attribute: "consume-context" },
    custom: { attribute: "custom-events" },
  };

  /** The socket's address without its `/websocket`. */
  declare url: string | undefined;
  declare topic: string | undefined;
  /** Sent when the topic is joined; JSON as an attribute. */
  declare params: JsonObject | undefined;
  /** A share token, which opens the topic to this page. */
  declare share: string | undefined;
  /** Options of the phoenix Socket that is made for `url`, as an `authToken`. */
  declare socketOptions: SocketOptions | undefined;
  /** What is shown: made for `url` and `topic`, taken from a context, or set. */
  declare liveState: LiveState | undefined;
  /** The name by which other elements of the document find the LiveState. */
  declare provided: string | undefined;
  /** The name by which to find the LiveState of another element. */
  declare consumed: string | undefined;
  /** Names of events with capitals, separated by commas. */
  declare custom: string | undefined;

  /** The state, its status, and the ways to dispatch and to listen. */
  readonly live: LiveController;
  /** What was made for `url` and `topic`. */
  #kept = new Kept();
  /** What `url` and `topic` name now. */
  #named: LiveState | undefined;
  /** The element's part in contexts, and the end of it. */
  #shared: { provided: LiveState | undefined; names: string; end: () => void } | undefined;
  #view: TemplateView | undefined;

  constructor() {
    super();
    const element = this;
    const source = {
      get liveState() {
        return element.liveState;
      },
    };
    this.live = new LiveController(this, source);
  }

  /** Was there a state to show? */
  get isRendered(): boolean {
    return this.#view?.isRendered ?? false;
  }

  get customEvents(): readonly string[] {
    return this.custom?.split(",").map((name) => name.trim()) ?? [];
  }

  /** Makes an error of the template known, as the LiveState's. */
  report(error: LiveStateError): void {
    this.liveState?.report(error);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.requestUpdate();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    // An element that is moved is connected again at once.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#share();
      this.#view?.update();
    });
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (NAMING.some((name) => changed.has(name))) {
      const named = keptFor(this, this.#kept);
      if (named || this.liveState === this.#named) this.liveState = named;
      this.#named = named;
    }
    this.#share();
  }

  protected override update(changed: PropertyValues): void {
    super.update(changed);
    if (this.#view?.isOfAnother(this.live.liveState)) {
      this.#view.end();
      this.#view = undefined;
    }
    this.#view ??= new TemplateView(this, this.renderRoot as HTMLElement | ShadowRoot);
    this.#view.update();
  }

  /** Takes part in the contexts that the attributes name, while the element is in a document. */
  #share(): void {
    const { consumed, isConnected, liveState, provided } = this;
    const names = JSON.stringify([provided, consumed, isConnected]);
    const isSame = this.#shared?.names === names;
    if (isSame && (!provided || this.#shared?.provided === liveState)) return;
    this.#shared?.end();
    const ends: (() => void)[] = [];
    this.#shared = { names, provided: liveState, end: () => ends.map((end) => end()) };
    if (!isConnected) return;
    if (provided && liveState) ends.push(provideContext(this.ownerDocument, provided, liveState));
    if (consumed) {
      const use = (found: LiveState) => {
        this.liveState = found;
      };
      ends.push(consumeContext(this, consumed, use));
    }
  }
}

/**
 * `<live-template>`: shows the state of a topic with its content, or with that of a `<template>` in
 * it; all else in it is shown until there is a state. It is part of the page and its styles.
 *
 * What `live-templates` (npm, 0.5.0) takes, it takes as well.
 *
 * @example
 * <live-template url="wss://host/livestate" topic="todos:me">
 *   <template>
 *     <ul><li :each="item in items" :text="item"></li></ul>
 *     <form :sendsubmit="add_todo"><input name="title"> <button>Add</button></form>
 *   </template>
 *   Connecting…
 * </live-template>
 */
export class LiveTemplate extends TemplateElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}

/**
 * Returns the class of an element that shows the state with `html`, as `<live-template>` would with
 * this content. It has a shadow root with Jupyter's theme, so that styles in `html` are its own.
 *
 * @example
 * export default templateElement(`<output :text="count"></output>`);
 */
export function templateElement(html: string): CustomElementConstructor {
  return class extends TemplateElement {
    protected override createRenderRoot(): ShadowRoot {
      const root = this.attachShadow({ mode: "open" });
      adoptStyles(root, [theme]);
      const content = document.createElement("template");
      content.innerHTML = markPlaces(html);
      // Without a <template> in it it is one itself, to be seen when there is a state.
      root.append(templateIn(content.content) ? content.content : content);
      return root;
    }
  };
}

if (!customElements.get(TAG)) customElements.define(TAG, LiveTemplate);
