// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import { joined, live, useServer } from "./client";
import type { Link } from "./server";
import { until } from "./until";

useServer();

/** The payloads of the events of a name that have come. */
const sent = (link: Link, event: string) =>
  link.frames.filter((frame) => frame.event === `lvs_evt:${event}`).map(({ payload }) => payload.n);

/** Waits until all that was sent has come. */
async function settle(link: Link): Promise<void> {
  live.socket.push({ topic: "todos:me", event: "mark", payload: {}, ref: "0", join_ref: "0" });
  await link.take("mark");
}

describe("a throttled event", () => {
  it("is sent at once, then the latest, at most one in the time and none before the answer", async () => {
    const { link } = await joined();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answers = [1, 2, 3].map((n) => live.dispatch("slide", { n }, { throttle: 10_000 }));
    const first = await link.take("lvs_evt:slide");
    expect(first.payload).toEqual({ n: 1 });
    await vi.advanceTimersByTimeAsync(20_000);
    await settle(link);
    expect(sent(link, "slide")).toEqual([1]);
    link.reply(first);
    await answers[0];
    const last = await link.take("lvs_evt:slide");
    expect(last.payload).toEqual({ n: 3 });
    link.reply(last);
    await Promise.all(answers);
    live.dispatch("slide", { n: 4 }, { throttle: 10_000 });
    await settle(link);
    expect(sent(link, "slide")).toEqual([1, 3]);
    await vi.advanceTimersByTimeAsync(10_000);
    await settle(link);
    expect(sent(link, "slide")).toEqual([1, 3, 4]);
  });

  it("begins anew after a pause", async () => {
    const { link } = await joined();
    for (const n of [1, 2]) {
      const answer = live.dispatch("slide", { n }, { throttle: 1 });
      link.reply(await link.take("lvs_evt:slide"));
      await answer;
      await until(() => !live.isPending("slide"));
    }
    expect(sent(link, "slide")).toEqual([1, 2]);
  });

  it("settles as the one that was sent in its place", async () => {
    const { link } = await joined();
    const answers = [1, 2, 3].map((n) => live.dispatch("slide", { n }, { throttle: 5 }));
    link.reply(await link.take("lvs_evt:slide"));
    const last = await link.take("lvs_evt:slide");
    expect(last.payload).toEqual({ n: 3 });
    link.reply(last, { type: "refused", message: "no" }, "error");
    const results = await Promise.allSettled(answers);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(live.error).toMatchObject({ type: "refused" });
  });
});

describe("a debounced event", () => {
  it("is sent when no other has come for the time, the latest only", async () => {
    const { link } = await joined();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answers = [];
    for (const n of [1, 2, 3]) {
      answers.push(live.dispatch("find", { n }, { debounce: 10_000 }));
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(live.isPending("find")).toBe(true);
    await settle(link);
    expect(sent(link, "find")).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    link.reply(await link.take("lvs_evt:find"));
    await Promise.all(answers);
    expect(sent(link, "find")).toEqual([3]);
    expect(live.isPending()).toBe(false);
  });
});

describe("an event that is held back", () => {
  it("shows its effect at once, and not that of the one whose place it took", async () => {
    const { link } = await joined({ n: 0, log: [] });
    for (const n of [1, 2, 3]) {
      const optimistic = (draft: { n: number; log: number[] }) => {
        draft.n = n;
        draft.log.push(n);
      };
      live.dispatch("slide", { n }, { throttle: 10, optimistic });
    }
    expect(live.state).toEqual({ n: 3, log: [1, 3] });
    await link.take("lvs_evt:slide");
  });

  it("is sent before any other, so that the server finds what was typed", async () => {
    const { link } = await joined();
    live.dispatch("type", { n: 1 }, { debounce: 10_000 });
    live.dispatch("save");
    await link.take("lvs_evt:save");
    const events = link.frames.filter(({ event }) => event.startsWith("lvs_evt:"));
    expect(events.map(({ event }) => event)).toEqual(["lvs_evt:type", "lvs_evt:save"]);
  });

  it("takes the place only of those of its name and key", async () => {
    const { link } = await joined();
    for (const key of ["row 1", "row 2", "row 1"]) {
      live.dispatch("rename", { n: key }, { debounce: 10_000, key });
    }
    live.dispatch("other", { n: 0 }, { debounce: 10_000 });
    live.dispatch("save");
    await link.take("lvs_evt:save");
    expect(sent(link, "rename")).toEqual(["row 2", "row 1"]);
    expect(sent(link, "other")).toEqual([0]);
  });

  it("is sent when its client leaves", async () => {
    const { link } = await joined();
    live.dispatch("type", { n: 1 }, { debounce: 10_000 });
    live.disconnect();
    await link.take("phx_leave");
    expect(sent(link, "type")).toEqual([1]);
  });

  it("is a copy, if it is bytes", async () => {
    const { link } = await joined();
    const bytes = new Uint8Array([1]);
    live.dispatch("draw", bytes, { debounce: 1 });
    bytes[0] = 2;
    const frame = await until(() => link.buffers[0]);
    expect(frame.at(-1)).toBe(1);
  });
});
