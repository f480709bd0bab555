// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { DispatchError } from "../src/failure";
import type { Json, JsonObject } from "../src/json";
import { LiveState, type LiveStateConfig } from "../src/live-state";
import { type Frame, type Link, OURS, ScriptedServer } from "./server";
import { until } from "./until";

let server: ScriptedServer;
let live: LiveState;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

beforeEach(async () => {
  server = await ScriptedServer.start();
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});

afterEach(async () => {
  live.disconnect();
  await server.stop();
  process.off("unhandledRejection", onUnhandled);
  vi.useRealTimers();
  expect(unhandled).toEqual([]);
});

function client(config: Partial<LiveStateConfig> = {}): LiveState {
  // Phoenix waits for seconds before it joins again after a crash or a refusal.
  const socketOptions = { transport: WebSocket, rejoinAfterMs: () => 20 } as JsonObject;
  live = new LiveState({ url: server.url, topic: "todos:me", socketOptions, ...config });
  return live;
}

/** Collects the details of a LiveState's own events, or of the channel's. */
function record(name: string): Json[] {
  const details: Json[] = [];
  live.addEventListener(name, (event) => details.push((event as CustomEvent).detail));
  return details;
}

/** A connected client with a state of our server. */
async function joined(
  state: Json = { items: [] },
  options: { version?: number; response?: Json } = {},
): Promise<{ link: Link; join: Frame }> {
  client().connect();
  const link = await server.link();
  const join = await link.accept(state, options);
  await until(() => live.status === "live");
  return { link, join };
}

const add = (value: Json, path = "/items/-") => ({ op: "add", path, value });

describe("joining", () => {
  it("sends the params with the reserved key and takes the first state", async () => {
    client({ params: { user: 1 } });
    const changes = record("livestate-change");
    const connects = record("livestate-connect");
    expect(live.status).toBe("offline");
    live.connect();
    expect(live.status).toBe("connecting");
    const link = await server.link();
    const join = await link.take("phx_join");
    expect(join.topic).toBe("todos:me");
    expect(join.payload).toEqual({ user: 1, livestate: {} });
    link.reply(join, OURS);
    await until(() => connects.length === 1);
    expect(live.status).toBe("connecting");
    link.push(join, "state:change", { state: { items: ["a"] }, version: 3 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ items: ["a"] });
    expect([live.version, live.stateVersion]).toEqual([3, 3]);
    expect(changes).toEqual([{ state: { items: ["a"] }, version: 3 }]);
  });

  it("names the session", async () => {
    client({ session: "cell-1" }).connect();
    const join = await (await server.link()).take("phx_join");
    expect(join.payload).toEqual({ livestate: { session: "cell-1" } });
  });

  it("shows why the server refuses", async () => {
    const refusals: [Json, string][] = [
      [{ reason: "unmatched topic" }, "No channel is declared for the topic 'todos:me'"],
      [{ reason: "Members only" }, "Members only"],
      ["Go away!", "Go away!"],
      [{ message: "Later" }, "Later"],
      [{ code: 7 }, '{"code":7}'],
      [{}, "no reason was given"],
    ];
    client();
    const errors = record("livestate-error");
    live.connect();
    const link = await server.link();
    for (const [response, message] of refusals) {
      link.reply(await link.take("phx_join"), response, "error");
      await until(() => live.error?.message === message);
      expect(live.status).toBe("error");
      expect(errors.pop()).toEqual({ type: "channel join error", message });
    }
    await link.accept({});
    await until(() => live.status === "live");
    expect(live.error).toBeNull();
  });

  it("does nothing when it is joined already", async () => {
    const { link } = await joined();
    live.connect();
    live.dispatch("x");
    await link.take("lvs_evt:x");
    expect(link.count("phx_join")).toBe(1);
  });

  it("joins anew after it was disconnected, with the listeners it had", async () => {
    const { link } = await joined({ n: 1 });
    const added = record("added");
    live.disconnect();
    await link.take("phx_leave");
    expect(live.status).toBe("offline");
    expect(live.state).toEqual({ n: 1 });
    live.connect();
    const again = await server.link();
    const join = await again.accept({ n: 2 });
    again.push(join, "added", { id: 1 });
    await until(() => added.length === 1);
    expect(live.state).toEqual({ n: 2 });
  });

  it("is left when the last of its holders disconnects", async () => {
    const { link } = await joined();
    const holders = [{}, {}];
    for (const holder of holders) live.connect(holder);
    live.disconnect();
    live.disconnect(holders[0]);
    live.disconnect(holders[0]);
    expect(live.connected).toBe(true);
    expect(live.status).toBe("live");
    live.disconnect(holders[1]);
    expect(live.connected).toBe(false);
    await link.take("phx_leave");
  });

  it("needs a url or a socket", () => {
    client();
    expect(() => new LiveState({ topic: "x" })).toThrow("url or a socket");
  });
});

describe("the state", () => {
  it("follows patches and keeps the identity of what they leave alone", async () => {
    const { link, join } = await joined({ items: [{ id: 1 }], other: {} });
    const changes = record("livestate-change");
    const patches = record("livestate-patch");
    const { items, other } = live.state;
    const patch = [add({ id: 2 })];
    link.push(join, "state:patch", { patch, version: 1 });
    await until(() => live.version === 1);
    expect(live.state).toEqual({ items: [{ id: 1 }, { id: 2 }], other: {} });
    expect(live.state.other).toBe(other);
    expect(live.state.items[0]).toBe(items[0]);
    expect(items).toHaveLength(1);
    expect(patches).toEqual([{ patch, version: 1 }]);
    expect(changes).toHaveLength(1);
  });

  it("tells of empty patches too", async () => {
    const { link, join } = await joined();
    const changes = record("livestate-change");
    const { state } = live;
    link.push(join, "state:patch", { patch: [], version: 1 });
    await until(() => changes.length === 1);
    expect(live.state).toBe(state);
  });

  it("is asked for once when a version is missing, however many patches follow", async () => {
    const { link, join } = await joined();
    for (let version = 2; version < 50; version += 1) {
      link.push(join, "state:patch", { patch: [add(version)], version });
    }
    await link.take("lvs_refresh");
    expect(live.state).toEqual({ items: [] });
    link.push(join, "state:change", { state: { items: ["all"] }, version: 49 });
    link.push(join, "state:patch", { patch: [add("next")], version: 50 });
    await until(() => live.version === 50);
    expect(live.state).toEqual({ items: ["all", "next"] });
    expect(link.count("lvs_refresh")).toBe(1);
    link.push(join, "state:patch", { patch: [], version: 52 });
    await link.take("lvs_refresh");
  });

  it("is asked for again when the answer seems to be lost", async () => {
    const { link, join } = await joined();
    link.push(join, "state:patch", { patch: [], version: 2 });
    await link.take("lvs_refresh");
    const now = vi.spyOn(performance, "now").mockReturnValue(performance.now() + 5_001);
    link.push(join, "state:patch", { patch: [], version: 3 });
    await link.take("lvs_refresh");
    now.mockRestore();
  });

  it("is asked for when a patch comes before it, or can't be applied", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    client().connect();
    const link = await server.link();
    const join = await link.take("phx_join");
    link.reply(join, OURS);
    link.push(join, "state:patch", { patch: [], version: 0 });
    await link.take("lvs_refresh");
    link.push(join, "state:change", { state: {}, version: 0 });
    link.push(join, "state:patch", { patch: [{ op: "remove", path: "/x" }], version: 1 });
    await link.take("lvs_refresh");
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it("starts again at version 0 only after the last one", async () => {
    const { link, join } = await joined(
      { items: [] },
      {
        version: 2,
        response: { livestate: { max_version: 3 } },
      },
    );
    link.push(join, "state:patch", { patch: [add("no")], version: 0 });
    await link.take("lvs_refresh");
    link.push(join, "state:change", { state: { items: [] }, version: 3 });
    link.push(join, "state:patch", { patch: [add("yes")], version: 0 });
    await until(() => live.version === 0);
    expect(live.state).toEqual({ items: ["yes"] });
    expect(link.count("lvs_refresh")).toBe(1);
  });

  it("rolls over after 1000 where the server does not say", async () => {
    const { link, join } = await joined({ items: [] }, { version: 1000, response: {} });
    link.push(join, "state:patch", { patch: [add(1)], version: 0 });
    await until(() => live.version === 0);
    expect(live.state).toEqual({ items: [1] });
  });
});

describe("losing the connection", () => {
  it("keeps the state, joins again and takes the new state", async () => {
    const { link } = await joined({ n: 1 });
    const statuses = record("livestate-status");
    link.close();
    await until(() => live.status === "offline");
    expect(live.state).toEqual({ n: 1 });
    await (await server.link()).accept({ n: 2 }, { version: 7 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ n: 2 });
    expect(live.version).toBe(7);
    expect(statuses.map(({ status }) => status)).toEqual(["offline", "live"]);
  });

  it("drops patches of the time before", async () => {
    const { link, join } = await joined({ items: [] });
    link.crash(join);
    const again = await link.take("phx_join");
    link.reply(again, OURS);
    link.push(join, "state:patch", { patch: [add("old")], version: 1 });
    link.push(again, "state:change", { state: { items: ["new"] }, version: 0 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ items: ["new"] });
    expect(link.count("lvs_refresh")).toBe(0);
  });

  it("shows why a channel crashed, and joins again", async () => {
    const { link, join } = await joined({ n: 1 });
    const errors = record("livestate-error");
    link.crash(join);
    await until(() => live.status === "offline");
    expect(live.error).toEqual({ type: "channel error", message: "channel_crash" });
    expect(errors).toEqual([live.error]);
    await link.accept({ n: 0 });
    await until(() => live.status === "live");
    expect(live.state).toEqual({ n: 0 });
    expect(live.error?.type).toBe("channel error");
  });

  it("is final when the server closes the channel", async () => {
    const { link, join } = await joined();
    link.send(JSON.stringify([join.ref, join.ref, join.topic, "phx_close", {}]));
    await until(() => live.status === "error");
    expect(live.error?.message).toBe("The server closed the channel");
    await expect(live.dispatch("x")).rejects.toThrow("The server closed the channel");
  });

  it("reports a server that can't be reached", async () => {
    client();
    await server.stop();
    live.connect();
    await until(() => live.status === "offline");
    expect(live.error?.type).toBe("socket error");
    expect(live.error?.message).toMatch(/^The connection failed: .*ECONNREFUSED/);
  });
});

describe("a server of ours", () => {
  it("resolves a dispatch with its reply, after the patch", async () => {
    const { link, join } = await joined();
    const answer = live.dispatch("add", { title: "milk" });
    const push = await link.take("lvs_evt:add");
    expect(push.payload).toEqual({ title: "milk" });
    expect(push.joinRef).toBe(join.ref);
    link.push(join, "state:patch", { patch: [add("milk")], version: 1 });
    link.reply(push);
    await answer;
    expect(live.state).toEqual({ items: ["milk"] });
  });

  it("gets each payload as it is", async () => {
    const { link } = await joined();
    for (const payload of [0, false, "", [], "x", { a: null }]) {
      live.dispatch("e", payload);
      expect((await link.take("lvs_evt:e")).payload).toEqual(payload);
    }
    for (const none of [undefined, null]) {
      live.dispatch("e", none);
      expect((await link.take("lvs_evt:e")).payload).toEqual({});
    }
  });

  it("takes as long as it likes to answer", async () => {
    const { link } = await joined();
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const answer = live.dispatch("train");
    vi.advanceTimersByTime(3_600_000);
    vi.useRealTimers();
    link.reply(await link.take("lvs_evt:train"));
    await answer;
  });

  it("rejects a dispatch that failed, and tells the error once", async () => {
    const { link, join } = await joined();
    const errors = record("livestate-error");
    const answer = live.dispatch("add", {});
    const push = await link.take("lvs_evt:add");
    const error = { type: "ValueError", event: "add", message: "no title" };
    link.push(join, "error", error);
    link.push(join, "state:patch", { patch: [], version: 1 });
    link.reply(push, error, "error");
    const rejection = await answer.catch((reason: unknown) => reason);
    expect(rejection).toBeInstanceOf(DispatchError);
    expect(rejection).toMatchObject(error);
    expect(errors).toEqual([error]);
    expect(live.error).toEqual(error);
    expect(live.status).toBe("live");
  });

  it("clears the error when the next event succeeds", async () => {
    const { link, join } = await joined();
    const statuses = record("livestate-status");
    link.push(join, "error", { type: "ValueError", message: "no" });
    await until(() => live.error);
    link.push(join, "state:patch", { patch: [], version: 1 });
    await until(() => live.version === 1);
    expect(live.error).not.toBeNull();
    const answer = live.dispatch("add");
    link.reply(await link.take("lvs_evt:add"));
    await answer;
    expect(live.error).toBeNull();
    expect(statuses.at(-1)).toEqual({ status: "live", error: null });
  });

  it("tells that init failed by an error without a state", async () => {
    client().connect();
    const link = await server.link();
    const join = await link.take("phx_join");
    link.reply(join, OURS);
    link.push(join, "error", { message: "no database" });
    await until(() => live.status === "error");
    expect(live.error).toEqual({ type: "error", message: "no database" });
  });

  it("answers events of several names in any order", async () => {
    const { link } = await joined();
    const done: string[] = [];
    live.dispatch("a").then(() => done.push("a"));
    live.dispatch("b").then(() => done.push("b"));
    const [a, b] = [await link.take("lvs_evt:a"), await link.take("lvs_evt:b")];
    link.reply(b);
    await until(() => done.length === 1);
    link.reply(a);
    await until(() => done.length === 2);
    expect(done).toEqual(["b", "a"]);
  });

  it("may be gone before it answers", async () => {
    const ends: [string, (link: Link, join: Frame) => void, RegExp][] = [
      ["connection lost", (link) => link.close(), /connection was lost before the answer/],
      ["channel error", (link, join) => link.crash(join), /channel crashed before the answer/],
      ["not sent", () => live.disconnect(), /not connected before the answer/],
    ];
    for (const [type, end, message] of ends) {
      const { link, join } = await joined();
      const answer = live.dispatch("add");
      live.dispatch("nobody awaits this");
      await link.take("lvs_evt:add");
      end(link, join);
      const rejection = await answer.catch((reason: unknown) => reason);
      expect(rejection).toMatchObject({ type, event: "add" });
      expect((rejection as Error).message).toMatch(message);
      live.disconnect();
      await server.stop();
      server = await ScriptedServer.start();
    }
  });
});

describe("an event", () => {
  it("waits for the first join", async () => {
    client().connect();
    const answer = live.dispatch("add");
    const link = await server.link();
    const join = await link.take("phx_join");
    expect(link.count("lvs_evt:add")).toBe(0);
    link.reply(join, OURS);
    link.reply(await link.take("lvs_evt:add"));
    await answer;
  });

  it("waits for a lost connection, and is sent when it is back", async () => {
    const { link } = await joined();
    link.close();
    await until(() => live.status === "offline");
    const answer = live.dispatch("add");
    const again = await server.link();
    await again.accept({});
    again.reply(await again.take("lvs_evt:add"));
    await answer;
  });

  it("is refused when the connection is lost for 10 seconds", async () => {
    const { link } = await joined();
    await server.stop();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    link.close();
    await until(() => live.status === "offline");
    const answer = live.dispatch("add").catch((reason: Error) => reason.message);
    vi.advanceTimersByTime(9_000);
    vi.advanceTimersByTime(1_001);
    expect(await answer).toBe("The event was not sent: the connection is lost.");
    await expect(live.dispatch("add")).rejects.toThrow("the connection is lost");
    expect(live.error).toMatchObject({ type: "not sent", event: "add" });
  });

  it("is refused before connect and after disconnect", async () => {
    client();
    await expect(live.dispatch("add")).rejects.toThrow("it is not connected");
    await joined();
    live.disconnect();
    await expect(live.dispatch("add")).rejects.toThrow("it is not connected");
  });

  it("is refused when 100 wait already", async () => {
    client().connect();
    for (let n = 0; n < 100; n += 1) live.dispatch("add");
    await expect(live.dispatch("add")).rejects.toThrow("100 events wait already");
  });

  it("that can't be encoded is refused", async () => {
    await joined();
    await expect(live.dispatch("add", 1n)).rejects.toThrow("BigInt");
  });

  it("can be a CustomEvent, or pushed", async () => {
    const { link } = await joined();
    expect(live.dispatchEvent(new CustomEvent("add", { detail: { n: 1 } }))).toBe(true);
    expect((await link.take("lvs_evt:add")).payload).toEqual({ n: 1 });
    live.pushEvent("add", { n: 2 });
    expect((await link.take("lvs_evt:add")).payload).toEqual({ n: 2 });
  });
});

describe("a server of others", () => {
  it("never answers: a dispatch is done once sent", async () => {
    const { link, join } = await joined({ items: [] }, { response: {} });
    link.push(join, "error", { message: "first" });
    await until(() => live.error);
    await live.dispatch("add", { a: 1 });
    expect(live.error).toBeNull();
    expect((await link.take("lvs_evt:add")).payload).toEqual({ a: 1 });
    link.close();
    await until(() => live.status === "offline");
  });

  it("may send any map as an error, and listeners get it as it is", async () => {
    const { link, join } = await joined({}, { response: {} });
    const errors = record("livestate-error");
    link.push(join, "error", { code: 7 });
    await until(() => live.error);
    expect(errors).toEqual([{ code: 7 }]);
    expect(live.error).toEqual({ type: "error", message: '{"code":7}' });
  });
});

describe("events of the channel", () => {
  it("reach each listener once, however many there are", async () => {
    const { link, join } = await joined();
    const calls: string[] = [];
    const remove = live.on("added", ({ id }) => calls.push(`a${id}`));
    live.on("added", ({ id }) => calls.push(`b${id}`));
    const listener = (event: Event) => calls.push(`c${(event as CustomEvent).detail.id}`);
    live.addEventListener("added", listener);
    link.push(join, "added", { id: 1 });
    await until(() => calls.length === 3);
    remove();
    live.removeEventListener("added", listener);
    link.push(join, "added", { id: 2 });
    await until(() => calls.length === 4);
    expect(calls).toEqual(["a1", "b1", "c1", "b2"]);
  });

  it("can't pose as events of the client", async () => {
    const { link, join } = await joined();
    const changes = record("livestate-change");
    link.push(join, "livestate-change", { state: "false" });
    link.push(join, "state:patch", { patch: [], version: 1 });
    await until(() => changes.length === 1);
    expect(changes[0].version).toBe(1);
  });
});
