/**
 * Tells screen readers what changed by itself, without flooding them.
 * It knows nothing of what it is told.
 */

import { html, type TemplateResult } from "lit";

/** Milliseconds from one announcement to the next. */
const PAUSE_MS = 2_000;

/** The last of what it is told, at most one text in two seconds, in a polite live region. */
export class Announcer {
  #onChange: () => void;
  #text = "";
  #next: string | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange called when it must be rendered again */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  say(text: string): void {
    this.#next = text;
    this.#pause ??= setTimeout(this.#tell, PAUSE_MS);
  }

  /** Forgets what is not said yet. */
  stop(): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  render(): TemplateResult {
    return html`<div class="announcer" role="status">${this.#text}</div>`;
  }

  #tell = (): void => {
    this.#pause = undefined;
    if (this.#next === undefined) return;
    this.#text = this.#next;
    this.#next = undefined;
    this.#onChange();
  };
}
