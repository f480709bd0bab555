// A form and a list, two Lit elements that share one LiveState.

import { html, LitElement } from "lit";
import LiveState, { connectElement } from "phx-live-state";
import { URL } from "./lib/url";

class TodoForm extends LitElement {
  static properties = { isWaiting: { state: true } };

  render() {
    return html`
      <form @submit=${this.#submit}>
        <input name="description" />
        <button ?disabled=${this.isWaiting}>Add</button>
      </form>`;
  }

  #submit(event) {
    event.preventDefault();
    const detail = Object.fromEntries(new FormData(event.target));
    this.isWaiting = true;
    this.liveState.addEventListener("livestate-change", () => {
      this.isWaiting = false;
    });
    this.dispatchEvent(new CustomEvent("add_todo", { detail }));
    event.target.reset();
  }
}

class TodoList extends LitElement {
  static properties = { todos: { attribute: false } };

  render() {
    return html`<ul>${this.todos?.map(({ description }) => html`<li>${description}</li>`)}</ul>`;
  }
}

customElements.define("todo-form", TodoForm);
customElements.define("todo-list", TodoList);

const liveState = new LiveState({ url: URL, topic: "todo:all" });
const form = document.createElement("todo-form");
const list = document.createElement("todo-list");
connectElement(liveState, form, { events: { send: ["add_todo"] } });
connectElement(liveState, list, { properties: ["todos"] });
document.body.append(form, list);
liveState.connect();
