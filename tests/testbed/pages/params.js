// Join params from an attribute of the element.

import { html, LitElement } from "lit";
import { connectElement } from "phx-live-state";
import { URL } from "./lib/url";

class ApiKey extends LitElement {
  static properties = { result: { attribute: false } };

  connectedCallback() {
    super.connectedCallback();
    const params = { api_key: this.getAttribute("api-key") };
    connectElement(this, { url: URL, topic: "join_params", params, properties: ["result"] });
  }

  render() {
    return html`<p>${this.result}</p>`;
  }
}

customElements.define("api-key", ApiKey);
document.body.innerHTML = '<api-key api-key="from the attribute"></api-key>';
