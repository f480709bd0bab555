/**
 * The frame of the stock elements that dispatch an event. It knows nothing of single elements.
 */

import {
  html,
  nothing,
  type PropertyDeclarations,
  type PropertyValues,
  type TemplateResult,
} from "lit";
import { DispatchError } from "../failure";
import type { Json, JsonObject } from "../json";
import type { PaceOptions } from "../pace";
import { Part } from "./part";

/**
 * An element that dispatches `on`; it is disabled while there is no connection.
 *
 * While an event of its own is unanswered, `isSending`: then the state is older than what the
 * control shows, and must not overwrite it.
 */
export abstract class Control extends Part {
  static override properties: PropertyDeclarations = {
    on: {},
    payload: { type: Object },
  };

  /** The event that it dispatches; without one it is disabled. */
  declare on: string | undefined;
  /** Fields of the payload besides its own. */
  declare payload: JsonObject | undefined;
  #unanswered = 0;
  /** Had a control the focus when it was disabled, which takes it away? */
  #lostFocus: HTMLElement | null = null;

  get isOff(): boolean {
    return !this.on || this.live.status !== "live";
  }

  get isSending(): boolean {
    return this.#unanswered > 0;
  }

  /**
   * Dispatches the event.
   * @param fields its payload, besides what `payload` adds
   * @param options how fast it may be sent
   */
  protected async dispatch(fields: JsonObject, options: PaceOptions = {}): Promise<void> {
    this.#unanswered += 1;
    this.requestUpdate();
    try {
      await this.live.dispatch(this.on ?? "", { ...this.payload, ...fields }, options);
    } finally {
      this.#unanswered -= 1;
      this.requestUpdate();
    }
  }

  /** Dispatches the event with a value; what fails is told as the error of the LiveState. */
  protected send(value: Json, options: PaceOptions = {}): Promise<void> {
    return this.dispatch({ value }, options).catch(() => {});
  }

  /** Returns the message of an error that the element tells itself, so that nobody else has to. */
  protected own(error: unknown): string {
    if (error instanceof DispatchError) this.live.liveState?.clearError();
    return error instanceof Error ? error.message : `${error}`;
  }

  /**
   * Returns a control with its label.
   * @param control has the id "control"
   * @param after what stands at the label's side
   */
  protected labelled(control: unknown, after: unknown = nothing): TemplateResult {
    return html`<div class="field">
      <div><label for="control">${this.name}</label>${after}</div>
      ${control}
    </div>`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (this.isOff && this.isConnected) this.#lostFocus ??= focusedIn(this.renderRoot);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    if (this.isOff || !this.#lostFocus) return;
    const isFree = document.activeElement === document.body || this.matches(":focus-within");
    if (isFree && this.#lostFocus.isConnected) this.#lostFocus.focus({ preventScroll: true });
    this.#lostFocus = null;
  }
}

function focusedIn(root: HTMLElement | DocumentFragment): HTMLElement | null {
  return root instanceof ShadowRoot ? (root.activeElement as HTMLElement | null) : null;
}
