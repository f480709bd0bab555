// Decorated elements: one provides the LiveState, the other, which comes first, has it from there.

import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { liveState, liveStateConfig, liveStateProperty } from "phx-live-state";
import { URL } from "./lib/url";

@customElement("decorated-form")
@liveState({ context: "decoratedTodos", events: { send: ["add_todo"] } })
class DecoratedForm extends LitElement {
  override render() {
    return html`<button @click=${this.add}>Add</button>`;
  }

  add() {
    this.dispatchEvent(new CustomEvent("add_todo", { detail: { description: "decorated" } }));
  }
}

@customElement("decorated-list")
@liveState({ topic: "none", provide: { scope: window, name: "decoratedTodos" } })
class DecoratedList extends LitElement {
  @liveStateConfig("url") place = URL;
  @property() @liveStateConfig("topic") topic = "";
  @property({ attribute: false }) @liveStateProperty() todos: { description: string }[] = [];
  @property({ attribute: false }) @liveStateProperty("todos.length") count = 0;

  override render() {
    return html`<p>${this.count}</p>
      <ul>${this.todos.map(({ description }) => html`<li>${description}</li>`)}</ul>`;
  }
}

document.body.append(new DecoratedForm());
document.body.insertAdjacentHTML(
  "beforeend",
  '<decorated-list topic="todo:decorated"></decorated-list>',
);
export { DecoratedList };
