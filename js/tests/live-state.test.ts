// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import type { Json } from "../src/json";
import { LiveState } from "../src/live-state";
import { add, client, joined, live, record, server, useServer } from "./client";
import { OURS } from "./server";
import { until } from "./until";

useServer();

it("a listener may connect again what has just been disconnected", async () => {
  await joined({ n: 1 });
  const again = () => live.connect();
  live.addEventListener("livestate-status", again, { once: true });
  live.disconnect();
  const link = await server.link();
  await link.accept({ n: 2 });
  await until(() => live.status === "live");
  expect(live.state).toEqual({ n: 2 });
  const answer = live.dispatch("x");
  link.reply(await link.take("lvs_evt:x"));
  await answer;
});

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
      [{ reason: "Full", places: 0 }, "Full"],
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
      const detail = typeof response === "string" ? undefined : response;
      expect(errors.pop()).toEqual({ type: "channel join error", message, detail });
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

  it("waits on when the answer to a join is lost with the connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    client().connect();
    await (await server.link()).take("phx_join");
    await server.stop();
    await until(() => live.error?.type === "socket error");
    // phoenix.js gives that join up, though nobody asks for it any more.
    vi.advanceTimersByTime(10_001);
    expect(live.status).toBe("offline");
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

describe("bytes", () => {
  const frame = new Uint8Array([0, 1, 8, 5, ...Buffer.from("1todos:meimage"), 255, 0]);

  it("come as an ArrayBuffer", async () => {
    const { join, link } = await joined({});
    const images = record("image");
    frame[4] = String(join.ref).charCodeAt(0);
    link.send(frame);
    await until(() => images.length === 1);
    expect(images[0]).toBeInstanceOf(ArrayBuffer);
    expect([...new Uint8Array(images[0])]).toEqual([255, 0]);
  });

  it.each([
    ["an ArrayBuffer", new Uint8Array([1, 2]).buffer],
    ["a part of one", new Uint8Array([9, 1, 2, 9]).subarray(1, 3)],
    ["a typed array", new Uint16Array([0x0201])],
    ["a DataView", new DataView(new Uint8Array([9, 1, 2]).buffer, 1)],
  ])("are sent as %s, as they were then", async (_name, payload) => {
    const { link } = await joined({});
    live.dispatch("draw", payload);
    new Uint8Array(payload instanceof ArrayBuffer ? payload : payload.buffer).fill(0);
    const sent = await until(() => link.buffers[0]);
    expect(sent[0]).toBe(0);
    expect(sent.toString("latin1").endsWith("todos:melvs_evt:draw\x01\x02")).toBe(true);
  });

  it("that no frame takes are refused", async () => {
    await joined({});
    await expect(live.dispatch("x".repeat(300), new ArrayBuffer(1))).rejects.toThrow("not sent");
  });
});
