// Why a join, and why a state, was refused.

import { html, LitElement } from "lit";
import { connectElement } from "phx-live-state";
import { URL } from "./lib/url";

class LiveError extends LitElement {
  static properties = { topic: {}, error: { state: true } };

  connectedCallback() {
    super.connectedCallback();
    this.addEventListener("livestate-error", ({ detail }) => {
      this.error = detail;
    });
    const events = { receive: ["livestate-error"] };
    connectElement(this, { url: URL, topic: this.topic, events });
  }

  render() {
    return html`<p role="alert">${this.error?.message}</p>`;
  }
}

customElements.define("live-error", LiveError);
document.body.innerHTML = `
  <live-error topic="authorized:all"></live-error>
  <live-error topic="init_error:all"></live-error>`;
