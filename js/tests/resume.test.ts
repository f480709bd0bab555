// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import type { Json } from "../src/json";
import { add, joined, live, record, server, useServer } from "./client";
import type { Frame, Link } from "./server";
import { until } from "./until";

useServer();

/** The join reply of a server that keeps places. */
const terms = (token: string, { resumed = false, received = 0, ...more } = {}): Json => ({
  livestate: { max_version: 1000, token, grace: 60, resumed, received, ...more },
});

const start = (state: Json = { items: [] }) => joined(state, { response: terms("first") });

/** Waits for the client's next connection and its join. */
async function comesBack(): Promise<{ link: Link; join: Frame }> {
  const link = await server.link();
  return { link, join: await link.take("phx_join") };
}

describe("a client whose connection was lost", () => {
  it("comes back with its token and what it has received", async () => {
    const { link, join } = await start();
    link.push(join, "added", { id: 1 });
    link.push(join, "state:patch", { patch: [add("a")], version: 1 });
    link.reply(join, {});
    await until(() => live.version === 1);
    link.close();
    await until(() => live.status === "offline");
    const changes = record("livestate-change");
    const back = await comesBack();
    expect(back.join.payload).toEqual({ livestate: { resume: { token: "first", received: 3 } } });
    back.link.reply(back.join, terms("second", { resumed: true, received: 3 }));
    await until(() => live.status === "live");
    expect(live.state).toEqual({ items: ["a"] });
    expect(changes).toEqual([]);
    const sync = await back.link.take("lvs_sync");
    expect(sync.payload).toEqual({ last: "0" });
    back.link.reply(sync, { sent: 3, open: 0 });
    back.link.push(back.join, "state:patch", { patch: [add("b")], version: 2 });
    await until(() => live.version === 2);
    expect(live.state).toEqual({ items: ["a", "b"] });
    back.link.close();
    const { join: third } = await comesBack();
    expect(third.payload.livestate.resume).toEqual({ token: "second", received: 4 });
    expect(back.link.count("lvs_refresh")).toBe(0);
  });

  it("gives up what the new way does not carry, and sends the rest again", async () => {
    const { link } = await start();
    const large = live.dispatch("draw", "x".repeat(500));
    live.dispatch("pay");
    await link.take("lvs_evt:pay");
    link.close();
    const back = await comesBack();
    const response = terms("second", { resumed: true, received: 1, max_bytes: 200 } as object);
    back.link.reply(back.join, response);
    await expect(large).rejects.toThrow("the server takes 200");
    await back.link.take("lvs_evt:pay");
    expect(back.link.count("lvs_evt:draw")).toBe(0);
  });

  it("takes the whole state where the server has forgotten the patches", async () => {
    const { link } = await start({ n: 1 });
    link.close();
    const back = await comesBack();
    back.link.reply(back.join, terms("second", { resumed: true, received: 900 }));
    back.link.push(back.join, "state:change", { state: { n: 7 }, version: 40 });
    await until(() => live.version === 40);
    back.link.close();
    expect((await comesBack()).join.payload.livestate.resume.received).toBe(901);
  });

  it("takes a message once that comes twice", async () => {
    const { link, join } = await start();
    const change = { patch: [add("a")], version: 1 };
    const heard: Json[] = [];
    live.on("said", (detail) => heard.push(detail));
    for (const _ of [1, 2]) link.push(join, "said", { n: 1 }, "#2");
    for (const _ of [1, 2]) link.push(join, "state:patch", change, "#3");
    link.push(join, "said", { n: 2 }, "#4");
    await until(() => heard.length === 2);
    expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
    expect(live.state).toEqual({ items: ["a"] });
    expect(link.count("lvs_refresh")).toBe(0);
  });

  it("joins again where a message is lost, and takes nothing before what was lost", async () => {
    const { link, join } = await start();
    const heard: Json[] = [];
    live.on("said", ({ n }) => heard.push(n));
    link.push(join, "said", { n: 1 }, "#2");
    link.push(join, "said", { n: 3 }, "#4");
    link.push(join, "said", { n: 4 }, "#5");
    const again = await link.take("phx_join");
    expect(again.payload.livestate.resume).toEqual({ token: "first", received: 2 });
    expect(live.error).toBeNull();
    link.reply(again, terms("second", { resumed: true, received: 2 }));
    for (const n of [2, 3, 4]) link.push(again, "said", { n }, `#${n + 1}`);
    await until(() => heard.length === 4);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(live.status).toBe("live");
  });

  it.each([
    ["has less than it was sent", { sent: 2, open: 1 }],
    ["waits for an answer that was given", { sent: 1, open: 0 }],
  ])("joins again when a sync tells that it %s", async (_, account) => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    const { link } = await start();
    const answer = live.dispatch("add");
    const sent = await link.take("lvs_evt:add");
    const [ref] = sent.ref.split(":");
    vi.advanceTimersByTime(30_000);
    const sync = await link.take("lvs_sync");
    expect(sync.payload).toEqual({ last: ref });
    link.reply(sync, { sent: 1, open: 1 });
    vi.advanceTimersByTime(30_000);
    link.reply(await link.take("lvs_sync"), account);
    const again = await link.take("phx_join");
    expect(again.payload.livestate.resume.token).toBe("first");
    link.reply(again, terms("second", { resumed: true, received: 1 }));
    link.reply(await link.take("lvs_evt:add"));
    await answer;
    expect(live.error).toBeNull();
  });

  it("asks for the state if it had lost track of it", async () => {
    const { link, join } = await start();
    link.push(join, "state:patch", { patch: [], version: 5 });
    await link.take("lvs_refresh");
    link.close();
    const back = await comesBack();
    back.link.reply(back.join, terms("second", { resumed: true, received: 2 }));
    await back.link.take("lvs_refresh");
    expect(live.status).toBe("offline");
  });

  it("sends what a listener dispatches after what was not answered, and once", async () => {
    const { link } = await start();
    const answer = live.dispatch("pay");
    const sent = await link.take("lvs_evt:pay");
    live.addEventListener("livestate-status", () => {
      if (live.status === "live") live.dispatch("hello");
    });
    link.close();
    const back = await comesBack();
    back.link.reply(back.join, terms("second", { resumed: true }));
    const again = await back.link.take("lvs_evt:pay");
    const hello = await back.link.take("lvs_evt:hello");
    expect(again.ref).toBe(sent.ref);
    back.link.reply(again);
    await answer;
    const refs = back.link.frames.filter(({ event }) => event.startsWith("lvs_evt:"));
    expect(refs.map(({ ref }) => ref)).toEqual([sent.ref, hello.ref]);
  });

  it("takes no answer on a join that its kernel has lost, and sends the event again", async () => {
    const { link, join } = await start();
    const answer = live.dispatch("a");
    const sent = await link.take("lvs_evt:a");
    link.crash(join, { reason: "kernel lost" });
    link.reply({ ...sent, joinRef: null }, { reason: "unmatched topic" }, "error");
    const rejoin = await link.take("phx_join");
    link.reply(rejoin, terms("second", { resumed: true }));
    const again = await link.take("lvs_evt:a");
    expect(again.ref).toBe(sent.ref);
    link.reply(again);
    await answer;
  });

  it("joins again where the end of its channel is lost, and sends the event again", async () => {
    const { link } = await start();
    const answers = [live.dispatch("a"), live.dispatch("b")];
    const [a, b] = [await link.take("lvs_evt:a"), await link.take("lvs_evt:b")];
    for (const sent of [a, b])
      link.reply({ ...sent, joinRef: null }, { reason: "unmatched topic" }, "error");
    const rejoin = await link.take("phx_join");
    expect(rejoin.payload.livestate.resume.token).toBe("first");
    link.reply(rejoin, terms("second", { resumed: true, received: 1 }));
    for (const [name, sent] of [
      ["a", a],
      ["b", b],
    ] as const) {
      const again = await link.take(`lvs_evt:${name}`);
      expect(again.ref.split(":")[0]).toBe(sent.ref.split(":")[0]);
      link.reply(again);
    }
    await Promise.all(answers);
    expect(link.count("phx_join")).toBe(2);
    expect(live.error).toBeNull();
  });

  it("sends unanswered events again, with their refs and in order, before those that waited", async () => {
    const { link } = await start();
    const done: string[] = [];
    for (const name of ["a", "b", "c"]) live.dispatch(name, { name }).then(() => done.push(name));
    const sent = [await link.take("lvs_evt:a"), await link.take("lvs_evt:b")];
    sent.push(await link.take("lvs_evt:c"));
    link.reply(sent[1] as Frame);
    await until(() => done.length === 1);
    link.close();
    await until(() => live.status === "offline");
    live.dispatch("d").then(() => done.push("d"));
    const { link: back, join } = await comesBack();
    back.reply(join, terms("second", { resumed: true, received: 1 }));
    await back.take("lvs_evt:d");
    const events = back.frames.filter(({ event }) => event.startsWith("lvs_evt:"));
    expect(events.map(({ event }) => event)).toEqual(["lvs_evt:a", "lvs_evt:c", "lvs_evt:d"]);
    // Each names the one that was sent before it on the same join.
    const [a, c, d] = events.map(({ ref }) => ref.split(":"));
    expect([a[0], c[0]]).toEqual([sent[0], sent[2]].map((frame) => frame?.ref.split(":")[0]));
    expect([a[1], c[1], d[1]]).toEqual(["0", a[0], c[0]]);
    expect(events[0]).toMatchObject({ payload: { name: "a" }, joinRef: join.ref });
    expect(Number(d[0])).toBeGreaterThan(Number(c[0]));
    for (const event of events) back.reply(event);
    await until(() => done.length === 4);
    expect(done).toEqual(["b", "a", "c", "d"]);
    expect(live.error).toBeNull();
  });

  it("says that nobody knows of unanswered events after a fresh join, and sends those that waited", async () => {
    const { link } = await start();
    const answer = live.dispatch("add").catch((error: unknown) => error);
    await link.take("lvs_evt:add");
    link.close();
    await until(() => live.status === "offline");
    const waited = live.dispatch("next");
    const back = await comesBack();
    back.link.reply(back.join, terms("other"));
    expect(await answer).toMatchObject({ type: "connection lost", event: "add" });
    back.link.reply(await back.link.take("lvs_evt:next"));
    await waited;
    expect(back.link.count("lvs_evt:add")).toBe(0);
  });

  it("keeps its events through an error of the channel and refused joins", async () => {
    const { link, join } = await start();
    const answer = live.dispatch("add");
    const sent = await link.take("lvs_evt:add");
    link.crash(join, { reason: "the kernel's connection is lost" });
    link.reply(await link.take("phx_join"), { reason: "unmatched topic" }, "error");
    await until(() => live.status === "error");
    const waited = live.dispatch("next");
    const again = await link.take("phx_join");
    expect(again.payload.livestate.resume.token).toBe("first");
    link.reply(again, terms("second", { resumed: true, received: 1 }));
    const resent = await link.take("lvs_evt:add");
    expect(resent.ref).toBe(sent.ref);
    link.reply(resent);
    link.reply(await link.take("lvs_evt:next"));
    await answer;
    await waited;
    expect(live.status).toBe("live");
  });

  it("forgets an error of the channel when it goes on", async () => {
    const { link, join } = await start();
    link.crash(join, { reason: "the kernel's connection is lost" });
    await until(() => live.error?.type === "channel error");
    link.reply(await link.take("phx_join"), terms("second", { resumed: true, received: 1 }));
    await until(() => live.status === "live");
    expect(live.error).toBeNull();
  });

  it("gives its events up when the grace time is over", async () => {
    const { link } = await start();
    const answer = live.dispatch("add").catch((error: Error) => error.message);
    await link.take("lvs_evt:add");
    await server.stop();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    link.close();
    await until(() => live.status === "offline");
    const waited = live.dispatch("next").catch((error: Error) => error.message);
    vi.advanceTimersByTime(59_000);
    expect(await Promise.race([answer, Promise.resolve("waits")])).toBe("waits");
    vi.advanceTimersByTime(1_001);
    expect(await answer).toMatch("Nobody knows whether the event was handled");
    expect(await waited).toBe("The event was not sent: the connection is lost.");
  });
});

describe("a client that has left", () => {
  it("joins afresh", async () => {
    await start();
    live.disconnect();
    live.connect();
    expect((await comesBack()).join.payload).toEqual({ livestate: {} });
  });

  it("joins afresh after the server closed the channel", async () => {
    const { link, join } = await start();
    link.send(JSON.stringify([join.ref, join.ref, join.topic, "phx_close", {}]));
    await until(() => live.status === "error");
    live.disconnect();
    live.connect();
    expect((await comesBack()).join.payload).toEqual({ livestate: {} });
  });
});
