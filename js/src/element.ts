/**
 * LiveElement: the base class of elements that show the state of a topic.
 * It knows nothing of notebooks; the widget hands it a LiveState like anybody else.
 */

import {
  type CSSResultGroup,
  type CSSResultOrNative,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
} from "lit";
import { LiveController } from "./controller";
import type { Json, JsonObject } from "./json";
import type { LiveState } from "./live-state";
import type { SocketOptions } from "./membership";
import { problem, problemStyles } from "./problem";
import { theme } from "./theme";
import { firstPlace } from "./trace";

/**
 * A Lit element with the state of a topic: `render(state)` is called whenever it changed.
 *
 * In a notebook it is connected by the widget; elsewhere by its attributes, as in
 * `<todo-list url="wss://host/livestate" topic="todos:me">`. An exception in `render` is shown in
 * the element's place, until a state renders well.
 *
 * @example
 * export default class TodoList extends LiveElement {
 *   render(state) {
 *     return html`
 *       <ul>${state.items.map((item) => html`<li>${item}</li>`)}</ul>
 *       <form @submit=${this.live.submit("add_todo")}><input name="title"><button>Add</button></form>`;
 *   }
 * }
 */
export class LiveElement<S = Json, E = Json, R = Json> extends LitElement {
  static override properties: PropertyDeclarations = {
    url: { type: String },
    topic: { type: String },
    params: { type: Object },
    share: { type: String },
    socketOptions: { attribute: false },
    liveState: { attribute: false },
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
  /** What to show, instead of `url` and `topic`. */
  declare liveState: LiveState<S, E, R> | undefined;

  /** The state, its status, and the ways to dispatch and to listen. */
  readonly live = new LiveController<S, E, R>(this);
  #failure: unknown;

  constructor() {
    super();
    const render = this.render;
    // Lit calls render() without arguments.
    this.render = () => {
      const { state, error, status } = this.live;
      if (this.#failure !== undefined) return this.#renderFailure();
      const isRefused = status === "error" && error !== null;
      const refusal = isRefused ? problem("Not connected:", error.message) : nothing;
      if (state === undefined) return isRefused ? refusal : this.renderPending();
      const content = render.call(this, state);
      // Where another hands the state over, as a notebook does, that one says what became of it.
      return this.liveState ? content : html`${refusal}${content}`;
    };
  }

  /** Puts the theme in front of the element's own styles. */
  static override finalizeStyles(styles?: CSSResultGroup): CSSResultOrNative[] {
    return [theme, problemStyles, ...LitElement.finalizeStyles(styles)];
  }

  /** Returns what to show for a state. */
  override render(_state?: S): unknown {
    return nothing;
  }

  /** Returns what to show before there is a state. */
  renderPending(): unknown {
    return nothing;
  }

  protected override update(changed: PropertyValues): void {
    this.#failure = undefined;
    try {
      super.update(changed);
    } catch (error) {
      console.error(error);
      this.#failure = error ?? new Error("render threw nothing");
      super.update(new Map());
    }
  }

  #renderFailure(): unknown {
    const error = this.#failure;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
    return problem(`<${this.localName}> could not be rendered.`, message, firstPlace(error));
  }
}
