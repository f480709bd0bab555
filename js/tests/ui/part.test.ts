import { html } from "lit";
import { describe, expect, it, vi } from "vitest";
import { LiveElement } from "../../src/element";
import type { Json } from "../../src/json";
import { LiveState } from "../../src/live-state";
import { Part } from "../../src/ui";
import { joined, live, useServer } from "../client";
import { find, findAll, textOf } from "../page";
import { until } from "../until";
import { settled, showLayout, useElements } from "./shown";

useServer();
useElements();

class Badge extends Part {
  static shown: Json[] = [];

  override show(value: Json) {
    Badge.shown.push(value);
    if (value === "bad") throw new Error("a bad value");
    return html`<b>${JSON.stringify(value)}</b>`;
  }
}
customElements.define("some-badge", Badge);

class Board extends LiveElement {
  override render() {
    return html`<section><some-badge path="user.name"></some-badge></section><slot></slot>`;
  }
}
customElements.define("some-board", Board);

async function showBoard(): Promise<Board> {
  Badge.shown = [];
  const board = document.createElement("some-board") as Board;
  board.liveState = live;
  document.body.append(board);
  await settled(board);
  return board;
}

describe("a part", () => {
  it("finds the LiveState of the element around it, and follows when that gets another", async () => {
    const { link } = await joined({ user: { name: "Ann" } });
    const board = await showBoard();
    expect(textOf(board)).toBe('"Ann"');
    const other = new LiveState({ socket: live.socket, topic: "todos:you" });
    board.liveState = other;
    await link.accept({ user: { name: "Bob" } });
    await until(() => textOf(board) === '"Bob"');
    expect(live.connected).toBe(true); // by the test alone
    live.disconnect();
    expect(live.connected).toBe(false);
    board.remove();
    await until(() => !other.connected);
  });

  it("finds it from a slot, and keeps the one it was given", async () => {
    await joined({ user: { name: "Ann" }, other: 1 });
    const board = await showBoard();
    const slotted = document.createElement("some-badge") as Badge;
    slotted.path = ["other"];
    board.append(slotted);
    await settled(board);
    expect(textOf(slotted)).toBe("1");
    const own = new LiveState({ socket: live.socket, topic: "todos:own" });
    slotted.liveState = own;
    board.requestUpdate();
    await settled(board);
    expect(slotted.live.liveState).toBe(own);
    board.remove();
    await until(() => !own.connected);
  });

  it("finds that of an element which is defined later", async () => {
    await joined({ user: { name: "Ann" } });
    const badge = `<some-badge path="user.name"></some-badge>`;
    document.body.innerHTML = `<late-board><late-frame>${badge}</late-frame></late-board>`;
    customElements.define("late-frame", class extends HTMLElement {});
    customElements.define("late-board", class extends Board {});
    const board = find<Board>(document.body, "late-board");
    board.liveState = live;
    await until(() => findAll(board, "some-badge").map(textOf).join() === '"Ann","Ann"');
  });

  it("is rendered only when its part is another", async () => {
    const { link, join } = await joined({ user: { name: ["Ann"] }, n: 0 });
    const board = await showBoard();
    const patch = async (path: string, value: Json, version: number) => {
      link.push(join, "state:patch", { patch: [{ op: "replace", path, value }], version });
      await until(() => live.version === version);
      await settled(board);
    };
    await patch("/n", 1, 1);
    expect(Badge.shown).toEqual([["Ann"]]);
    await patch("/user/name/0", "Bob", 2);
    expect(Badge.shown).toEqual([["Ann"], ["Bob"]]);
    const badge = find<Badge>(board, "some-badge");
    badge.path = "n";
    await settled(board);
    expect(textOf(badge)).toBe("1");
  });

  it("says what is missing, and shows it when it is there", async () => {
    const plan = { kind: "text", path: ["user", "e.mail"], label: "Address" };
    const { element, replace } = await showLayout(plan, { user: {} });
    expect(textOf(element)).toBe('Address : nothing at ["user","e.mail"]');
    await replace("", { user: { "e.mail": "a@b" } });
    expect(textOf(element)).toBe("Address : a@b");
    await replace("", null);
    expect(textOf(element)).toContain("nothing at");
  });

  it("shows its own failure, and no neighbour's", async () => {
    vi.spyOn(console, "error").mockImplementationOnce(() => {});
    await joined({ user: { name: "bad" } });
    const board = await showBoard();
    expect(textOf(board)).toContain("<some-badge> could not be rendered. Error: a bad value");
    expect(findAll(board, "section")).toHaveLength(1);
  });
});
