import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { bind, connectAttribute, connectElement, connectProperty } from "../src/binding";
import { liveState } from "../src/decorators";
import type { Json } from "../src/json";
import type { LiveState } from "../src/live-state";
import { client, joined, live, server, useServer } from "./client";
import type { Frame, Link } from "./server";
import { until } from "./until";

useServer();

beforeEach(() => {
  vi.stubGlobal("WebSocket", WebSocket);
});

afterEach(() => {
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

let version = 0;

/** Sends a whole state, and waits until it is there. */
async function change(link: Link, join: Frame, state: Json): Promise<void> {
  version += 1;
  link.push(join, "state:change", { state, version });
  await until(() => live.version === version);
}

const make = () => document.createElement("div") as Json;

describe("connectElement", () => {
  const options = {
    properties: ["n"],
    attributes: ["n"],
    events: { send: ["add"], receive: ["added"] },
  };

  it("returns its end, after which nothing goes to the element or comes from it", async () => {
    const { link, join } = await joined({ n: 1 });
    const element = make();
    const added = vi.fn();
    element.addEventListener("added", added);
    const end = connectElement(live, element, options);
    expect([element.n, element.getAttribute("n")]).toEqual([1, "1"]);
    end();
    end();
    link.push(join, "added", {});
    await change(link, join, { n: 2 });
    element.dispatchEvent(new CustomEvent("add"));
    live.dispatch("last");
    await link.take("lvs_evt:last");
    expect([element.n, element.getAttribute("n")]).toEqual([1, "1"]);
    expect(added).not.toHaveBeenCalled();
    expect(link.count("lvs_evt:add")).toBe(0);
    expect(live.connected).toBe(true);
    connectElement(live, element, options);
    expect(element.n).toBe(2);
  });

  it("disconnects the LiveState that it made, when it ends or another takes its place", async () => {
    client();
    const element = make();
    const made: LiveState[] = [];
    for (const topic of ["todos:me", "todos:you"]) {
      connectElement(element, { url: server.url, topic, properties: ["n"] });
      made.push(element.liveState);
    }
    expect(made.map(({ connected }) => connected)).toEqual([false, true]);
    const end = connectElement(live, element, options);
    expect(made[1]?.connected).toBe(false);
    expect(element.liveState).toBe(live);
    end();
    expect(live.connected).toBe(true);
  });

  it("refuses a path that is none, at once", () => {
    const properties = [{ name: "n", path: "n + 1" }];
    client();
    const element = make();
    const options = { attributes: ["title"], properties: ["a", ...properties] };
    expect(() => connectElement(live, element, options)).toThrow("expected a path");
    expect(live.connected).toBe(false);
    expect(element.liveState).toBeUndefined();
  });
});

describe("a property", () => {
  it("is set only when it is not what the state says", async () => {
    const { link, join } = await joined({ items: [{ done: false }] });
    const values: Json[] = [];
    const element = make();
    Object.defineProperty(element, "open", {
      get: () => values.at(-1),
      set: (value) => values.push(value),
    });
    const path = (state: Json) => state.items.filter(({ done }: Json) => !done);
    connectProperty(live, element, { name: "open", path });
    const patch = [{ op: "add", path: "/items/-", value: { done: true } }];
    link.push(join, "state:patch", { patch, version: 1 });
    await until(() => live.version === 1);
    expect(values).toEqual([[{ done: false }]]);
    await change(link, join, { items: [] });
    expect(values).toHaveLength(2);
  });
});

describe("an attribute", () => {
  it("is text, JSON, or away", async () => {
    const { link, join } = await joined({});
    const element = make();
    connectAttribute(live, element, "a");
    const written: Json[] = [];
    for (const a of ["x", 1, false, ["x"], { n: 1 }, null, 0]) {
      await change(link, join, { a });
      written.push(element.getAttribute("a"));
    }
    await change(link, join, {});
    expect(written).toEqual(["x", "1", "false", '["x"]', '{"n":1}', null, "0"]);
    expect(element.hasAttribute("a")).toBe(false);
  });
});

it("an element is tied once, and the tie of before is released", () => {
  client();
  const element = make();
  const release = bind(live, element, {});
  expect(bind(live, element, {})).toBe(release);
});

describe("elements with a context", () => {
  let count = 0;

  function define(options: Json): CustomElementConstructor {
    const element = class extends HTMLElement {};
    liveState(options)(element);
    count += 1;
    customElements.define(`bound-${count}`, element);
    return element;
  }

  it("follow when another element provides it", async () => {
    client();
    const provide = { scope: window, name: "boundTodos" };
    const Provider = define({ url: server.url, topic: "todos:me", provide });
    const Consumer = define({ context: "boundTodos", properties: ["n"] });
    const consumer = document.body.appendChild(new Consumer()) as Json;
    const first = document.body.appendChild(new Provider()) as Json;
    await (await server.link()).accept({ n: 1 });
    await until(() => consumer.n === 1);
    first.remove();
    await Promise.resolve();
    expect(first.liveState.connected).toBe(true);
    const second = document.body.appendChild(new Provider()) as Json;
    expect(consumer.liveState).toBe(second.liveState);
    expect(first.liveState.connected).toBe(false);
    await (await server.link()).accept({ n: 2 });
    await until(() => consumer.n === 2);
  });

  it("take no other thing of the page for a LiveState", () => {
    vi.stubGlobal("boundOther", document.createElement("div"));
    const provide = { scope: window, name: "boundOther" };
    const Provider = define({ url: server.url, topic: "todos:me", provide });
    const onError = vi.fn((event: ErrorEvent) => event.preventDefault());
    window.addEventListener("error", onError);
    let thrown: unknown;
    try {
      document.body.append(new Provider());
    } catch (error) {
      thrown = error;
    }
    window.removeEventListener("error", onError);
    thrown ??= onError.mock.calls[0]?.[0].error;
    expect(`${thrown}`).toContain('expected a LiveState or nothing as "boundOther"');
  });

  it("wait no longer once they are removed", async () => {
    client();
    const provide = { scope: window, name: "boundLate" };
    const Consumer = define({ context: "boundLate" });
    const consumer = document.body.appendChild(new Consumer()) as Json;
    consumer.remove();
    const Provider = define({ url: server.url, topic: "todos:me", provide });
    document.body.append(new Provider());
    expect(consumer.liveState).toBeUndefined();
  });
});
