/**
 * The element that is shown when none is given: the state as a tree, and a button for each event.
 * It is an element like those of users.
 */

import { css, html, nothing, type PropertyDeclarations } from "lit";
import { LiveElement } from "./element";
import type { Json } from "./json";
import { Tree, treeStyles } from "./tree";

/** Shows any state, and dispatches the channel's events with a payload that is typed as JSON. */
export class StockElement extends LiveElement {
  static override properties: PropertyDeclarations = {
    events: { attribute: false },
    problems: { state: true },
  };

  static override styles = [
    treeStyles,
    css`
      header {
        display: flex;
        gap: 0.6em;
        align-items: baseline;
        justify-content: space-between;
        margin-bottom: 0.3em;
        color: var(--_muted);
        font-size: 0.9em;
      }
      .events {
        display: grid;
        grid-template-columns: max-content minmax(8em, 32em);
        gap: 0.4em 0.6em;
        margin-top: 0.8em;
        padding-top: 0.8em;
        border-top: 1px solid var(--_soft-line);
      }
      .events form {
        display: contents;
      }
      .events input {
        font-family: var(--_code);
        font-size: 0.93em;
      }
      .events input[aria-invalid="true"] {
        border-color: var(--_wrong);
      }
      .events p {
        grid-column: 2;
        margin: 0;
        color: var(--_wrong);
        font-size: 0.9em;
      }
    `,
  ];

  /** The names of the events that the channel accepts. */
  declare events: readonly string[];
  /** What is wrong with the payloads that were typed, by event. */
  declare problems: Readonly<Record<string, string>>;
  #tree = new Tree(() => this.requestUpdate());

  constructor() {
    super();
    this.events = [];
    this.problems = {};
  }

  override render(state: Json): unknown {
    return html`
      <header>
        <span>State</span>
        <span>version ${this.live.version}</span>
      </header>
      ${this.#tree.render(state)}
      ${
        this.events.length > 0
          ? html`<div class="events">${this.events.map((event) => this.#renderEvent(event))}</div>`
          : nothing
      }
    `;
  }

  #renderEvent(event: string): unknown {
    const wrong = this.problems[event];
    return html`<form @submit=${(submitted: SubmitEvent) => this.#submit(event, submitted)}>
      <button>${event}</button>
      <input
        name="payload"
        placeholder="payload, as JSON"
        aria-label="Payload of ${event}, as JSON"
        aria-invalid=${wrong ? "true" : "false"}
        autocomplete="off"
        spellcheck="false"
      />
      ${wrong ? html`<p role="alert">${wrong}</p>` : nothing}
    </form>`;
  }

  #submit(event: string, submitted: SubmitEvent): void {
    submitted.preventDefault();
    const form = submitted.target as HTMLFormElement;
    const text = new FormData(form).get("payload")?.toString().trim();
    const { [event]: _, ...others } = this.problems;
    this.problems = others;
    let payload: Json;
    try {
      payload = text ? JSON.parse(text) : {};
    } catch (error) {
      this.problems = { ...others, [event]: `This is not JSON: ${(error as Error).message}` };
      return;
    }
    this.live.dispatch(event, payload);
  }
}
