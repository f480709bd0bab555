// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { DispatchError } from "../src/failure";
import { add, client, joined, live, record, restartServer, server, useServer } from "./client";
import { type Frame, type Link, OURS } from "./server";
import { until } from "./until";

useServer();

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

  it("never gets an event that it would close the connection for", async () => {
    const response = { livestate: { max_version: 1000, max_bytes: 100 } };
    const { link, join } = await joined({}, { response });
    const size = (text: string) =>
      Buffer.byteLength(JSON.stringify([join.ref, "99:0", "todos:me", "lvs_evt:e", text]));
    const room = 100 - size("") + 1; // the refs here have one digit
    const fits = "é".repeat(room / 2) + "x".repeat(room % 2);
    for (const payload of [`${fits}x`, new ArrayBuffer(100)]) {
      const answer = live.dispatch("e", payload);
      await expect(answer).rejects.toThrow(
        /^The event was not sent: it has 1\d\d bytes, .* takes 100/,
      );
    }
    live.dispatch("e", fits);
    expect((await link.take("lvs_evt:e")).payload).toBe(fits);
    live.dispatch("draw", new ArrayBuffer(50));
    await until(() => link.buffers[0]);
    expect(link.count("lvs_evt:e")).toBe(1);
  });

  it("gets an event that is far from too large without its being measured", async () => {
    const response = { livestate: { max_version: 1000, max_bytes: 1000 } };
    const { link } = await joined({}, { response });
    const writing = vi.spyOn(JSON, "stringify");
    try {
      live.dispatch("small", "x");
      expect(writing).toHaveBeenCalledTimes(1);
      live.dispatch("larger", "x".repeat(500));
      expect(writing).toHaveBeenCalledTimes(3);
    } finally {
      writing.mockRestore();
    }
    expect((await link.take("lvs_evt:larger")).payload).toHaveLength(500);
  });

  it("is joined again when it says nothing of what it has", async () => {
    const place = { token: "1", grace: 60, resumed: false, received: 0 };
    const response = { livestate: { max_version: 1000, ...place } };
    for (const said of [null, [], "x"]) {
      vi.useFakeTimers({ toFake: ["setInterval"] });
      const { link } = await joined({}, { response });
      vi.advanceTimersToNextTimer();
      vi.useRealTimers();
      link.reply(await link.take("lvs_sync"), said);
      await link.take("phx_join");
      live.disconnect();
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
    const told = { type: "refused", event: "add", message: "no title", field: "title" };
    link.push(join, "error", told);
    link.push(join, "state:patch", { patch: [], version: 1 });
    link.reply(push, told, "error");
    const rejection = await answer.catch((reason: unknown) => reason);
    expect(rejection).toBeInstanceOf(DispatchError);
    const error = { type: "refused", event: "add", message: "no title", detail: told };
    expect(rejection).toMatchObject(error);
    expect(errors).toEqual([told]);
    expect(live.error).toEqual(error);
    expect(live.status).toBe("live");
  });

  it("tells each failure anew, by whomever and however alike they are", async () => {
    const { link, join } = await joined();
    const errors = record("livestate-error");
    const told = { type: "refused", event: "add", message: "no title" };
    const isPushed = [true, true, false, false, true];
    for (const [count, isFirst] of isPushed.entries()) {
      const answer = live.dispatch("add");
      const push = await link.take("lvs_evt:add");
      if (isFirst) link.push(join, "error", told);
      link.reply(push, told, "error");
      await expect(answer).rejects.toThrow("no title");
      expect(errors).toHaveLength(count + 1);
    }
    live.disconnect();
    for (let n = 0; n < 2; n += 1) await expect(live.dispatch("add")).rejects.toThrow("not sent");
    expect(errors).toHaveLength(isPushed.length + 2);
  });

  it("tells a failure once to who dispatches the same because of it", async () => {
    await joined();
    live.disconnect();
    const errors = record("livestate-error");
    live.addEventListener("livestate-error", () => {
      live.dispatch("report");
    });
    await expect(live.dispatch("add")).rejects.toThrow("not sent");
    expect(errors.map(({ event }) => event)).toEqual(["add", "report"]);
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
    const detail = { message: "no database" };
    expect(live.error).toEqual({ type: "error", message: "no database", detail });
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
      ["connection closed", () => live.disconnect(), /: the client left before the answer/],
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
      await restartServer();
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

  it("is refused when 900 wait already", async () => {
    client().connect();
    for (let n = 0; n < 900; n += 1) live.dispatch("add");
    await expect(live.dispatch("add")).rejects.toThrow("900 events wait already");
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
    expect(live.error).toEqual({ type: "error", message: '{"code":7}', detail: { code: 7 } });
  });
});
