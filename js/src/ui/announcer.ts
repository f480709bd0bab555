/**
 * Tells screen readers what changed by itself, without flooding them.
 * It knows nothing of what it is told.
 */

import {
  html,
  type ReactiveController,
  type ReactiveControllerHost,
  type TemplateResult,
} from "lit";

/** Milliseconds from one announcement to the next. */
const PAUSE_MS = 2_000;

/** The last of what it is told, at most one text in two seconds, in a polite live region. */
export class Announcer implements ReactiveController {
  #host: ReactiveControllerHost;
  #text = "";
  #next = "";
  #pause: ReturnType<typeof setTimeout> | undefined;

  /** @param host puts what `render` returns into its shadow root, from the beginning */
  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  say(text: string): void {
    this.#next = text;
    this.#pause ??= setTimeout(this.#tell, PAUSE_MS);
  }

  render(): TemplateResult {
    return html`<div class="announcer" role="status">${this.#text}</div>`;
  }

  hostDisconnected(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #tell = (): void => {
    this.#pause = undefined;
    this.#text = this.#next;
    this.#host.requestUpdate();
  };
}
