// After the last version comes 0, and the state goes on.

import { html, LitElement } from "lit";
import { connectElement } from "phx-live-state";
import { URL } from "./lib/url";

class FooButton extends LitElement {
  static properties = { foo: { attribute: false }, version: { state: true } };
  #clicks = 0;

  connectedCallback() {
    super.connectedCallback();
    const events = { send: ["change_foo"] };
    connectElement(this, { url: URL, topic: "patch:rollover", properties: ["foo"], events });
    this.liveState.addEventListener("livestate-change", ({ detail }) => {
      this.version = detail.version;
    });
  }

  render() {
    return html`<button @click=${this.#click}>Change</button>
      <output>${this.foo} ${this.version}</output>`;
  }

  #click() {
    this.#clicks += 1;
    this.dispatchEvent(new CustomEvent("change_foo", { detail: { foo: this.#clicks } }));
  }
}

customElements.define("foo-button", FooButton);
document.body.append(document.createElement("foo-button"));
