/** Decorated elements, which decorators.test.ts compiles in both standards of decorators. */

import { html, LitElement } from "lit";
import { customElement, property } from "lit/decorators.js";
import { liveState, liveStateConfig, liveStateProperty } from "../../src/index";

/** Which compiler and standard this is, in front of the tags. */
declare const VARIANT: string;

@customElement(`${VARIANT}-list`)
@liveState({
  topic: "todos:list",
  params: { a: 1 },
  attributes: ["count"],
  events: { send: ["add"], receive: ["added"] },
})
export class List extends LitElement {
  @property() @liveStateConfig("url") accessor url = "";
  @property({ attribute: "api-key" }) @liveStateConfig("params.api_key") accessor apiKey = "";
  @property({ attribute: false }) @liveStateProperty() accessor items: string[] = [];
  @property({ attribute: false }) @liveStateProperty("user.names[0]") accessor first = "";
  @liveStateProperty((state) => state.items.length) length = 0;
  renders = 0;

  @liveStateConfig("socketOptions")
  get socketOptions() {
    return { params: { token: "t" } };
  }

  override render() {
    this.renders += 1;
    return html`${this.first}: ${this.items.join()}`;
  }
}

@customElement(`${VARIANT}-sub`)
@liveState({ topic: "todos:sub", properties: ["other"] })
export class Sub extends List {
  other: unknown;
  @liveStateProperty("user") user: unknown;
}

@liveState({ topic: "todos:plain", properties: ["items"] })
export class Plain extends HTMLElement {
  items: string[] = [];
  @liveStateConfig("url") url = "";
  calls: string[] = [];

  connectedCallback() {
    this.calls.push("connected");
  }

  disconnectedCallback() {
    this.calls.push("disconnected");
  }
}
customElements.define(`${VARIANT}-plain`, Plain);
