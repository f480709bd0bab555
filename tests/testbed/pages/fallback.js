// Long-poll in the place of a WebSocket that is refused: phoenix.js falls back to it by itself.

import { html, LitElement } from "lit";
import LiveState, { connectElement } from "phx-live-state";
import { URL } from "./lib/url";

const socketOptions = { longPollFallbackMs: 2_500 };

class LastReply extends LitElement {
  static properties = { todos: { attribute: false }, reply: { state: true } };

  connectedCallback() {
    super.connectedCallback();
    this.addEventListener("reply_event", ({ detail }) => {
      this.reply = detail;
    });
    const events = { send: ["add_todo_with_one_reply"], receive: ["reply_event"] };
    const liveState = new LiveState({ url: URL, topic: "todo:fallback", socketOptions });
    connectElement(liveState, this, { properties: ["todos"], events });
    liveState.connect();
  }

  render() {
    return html`
      <button @click=${this.#add} ?disabled=${!this.todos}>Add</button>
      <p>${this.todos?.length} ${JSON.stringify(this.reply)}</p>`;
  }

  #add() {
    this.dispatchEvent(new CustomEvent("add_todo_with_one_reply", { detail: {} }));
  }
}

class ChatRoom extends LitElement {
  static properties = { messages: { attribute: false } };

  connectedCallback() {
    super.connectedCallback();
    const liveState = new LiveState({ url: URL, topic: "shared:fallback", socketOptions });
    connectElement(liveState, this, { properties: ["messages"], events: { send: ["say"] } });
    liveState.connect();
  }

  render() {
    if (!this.messages) return html`<p>not joined</p>`;
    return html`
      <form @submit=${this.#say}><input name="text" /></form>
      <ul>${this.messages.map((text) => html`<li>${text}</li>`)}</ul>`;
  }

  #say(event) {
    event.preventDefault();
    const detail = Object.fromEntries(new FormData(event.target));
    this.dispatchEvent(new CustomEvent("say", { detail }));
    event.target.reset();
  }
}

customElements.define("last-reply", LastReply);
customElements.define("chat-room", ChatRoom);
document.body.innerHTML = "<last-reply></last-reply><chat-room></chat-room>";
