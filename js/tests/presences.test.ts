/** Who is present, as an element and a LiveState show it. */

import { html, LitElement } from "lit";
import { expect, it } from "vitest";
import { LiveController } from "../src/controller";
import { joined, live, record, useServer } from "./client";
import { until } from "./until";

useServer();

const here = (phx_ref: string, more: object = {}) => ({ metas: [{ phx_ref, ...more }] });

it("follows the channel's messages, by the refs of the metas", async () => {
  const { link, join } = await joined();
  const told = record("livestate-presences");
  const states = record("presence_state");
  expect(live.presences).toEqual({});
  link.push(join, "presence_state", { ann: here("1"), bob: here("2", { is_typing: false }) });
  link.push(join, "presence_diff", { joins: { ann: here("3") }, leaves: {} });
  link.push(join, "presence_diff", {
    joins: { ann: here("4", { is_typing: true, phx_ref_prev: "1" }) },
    leaves: { ann: here("1"), bob: here("2") },
  });
  link.push(join, "presence_diff", { joins: { carl: here("5") }, leaves: { nobody: here("6") } });
  await until(() => told.length === 4);
  expect(live.presences).toEqual({
    ann: [{ phx_ref: "3" }, { phx_ref: "4", is_typing: true, phx_ref_prev: "1" }],
    carl: [{ phx_ref: "5" }],
  });
  expect(told[0].presences).toEqual({
    ann: [{ phx_ref: "1" }],
    bob: [{ phx_ref: "2", is_typing: false }],
  });
  expect(states).toHaveLength(1);
  link.push(join, "presence_state", {});
  await until(() => told.length === 5);
  expect(live.presences).toEqual({});
});

it("keeps those who only change at their place", async () => {
  const { link, join } = await joined();
  const told = record("livestate-presences");
  link.push(join, "presence_state", { ann: here("1"), bob: here("2") });
  link.push(join, "presence_diff", { joins: { ann: here("3") }, leaves: { ann: here("1") } });
  await until(() => told.length === 2);
  expect(Object.keys(live.presences)).toEqual(["ann", "bob"]);
});

it("renders an element that asks, and no other", async () => {
  class Room extends LitElement {
    live: LiveController = new LiveController(this, { liveState: live });
    asks = true;
    renders = 0;

    override render() {
      this.renders += 1;
      return html`${this.asks ? Object.keys(this.live.presences).join() : "nobody"}`;
    }
  }
  const { link, join } = await joined();
  customElements.define("live-room", Room);
  const [room, other] = [new Room(), new Room()];
  other.asks = false;
  document.body.append(room, other);
  await Promise.all([room.updateComplete, other.updateComplete]);
  const { renders } = other;
  link.push(join, "presence_state", { ann: here("1"), bob: here("2") });
  await until(() => room.shadowRoot?.textContent === "ann,bob");
  expect(other.renders).toBe(renders);
  room.remove();
  other.remove();
});
