// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Json } from "../src/json";
import type { LiveState } from "../src/live-state";
import { add, client, joined, live, record, server, useServer } from "./client";
import type { Frame, Link } from "./server";
import { until } from "./until";

useServer();

/** The join reply of a server that keeps places. */
const terms = (token: string, resumed = false): Json => ({
  livestate: { max_version: 1000, token, grace: 60, resumed, received: 0 },
});

const append = (draft: Json, { title }: Json) => draft.items.push(title);

/** Dispatches an event that is expected to append. */
function addSoon(title: string): {
  answer: Promise<unknown>;
  sent: (link: Link) => Promise<Frame>;
} {
  const answer = live
    .dispatch("add", { title }, { optimistic: append })
    .catch((error: Error) => error);
  return { answer, sent: (link) => link.take("lvs_evt:add") };
}

describe("an effect", () => {
  it("is shown at once, and gone when the event is answered", async () => {
    const { link, join } = await joined({ items: ["milk"], other: {} });
    const changes = record("livestate-change");
    const { other } = live.state;
    const { answer, sent } = addSoon("tea");
    expect(live.state).toEqual({ items: ["milk", "tea"], other: {} });
    expect(live.state.other).toBe(other);
    expect(live.version).toBe(0);
    expect(changes).toEqual([{ state: live.state, version: 0 }]);
    const { ref } = await sent(link);
    link.push(join, "state:patch", { patch: [add("Tea!")], version: 1 }, ref);
    await until(() => live.version === 1);
    expect(changes.map(({ state }) => state.items)).toEqual([
      ["milk", "tea"],
      ["milk", "Tea!"],
    ]);
    expect(live.isPending("add")).toBe(true);
    const { state } = live;
    link.reply({ joinRef: join.ref, ref, topic: join.topic, event: "", payload: {} });
    expect(await answer).toBeUndefined();
    expect(live.state).toBe(state);
    expect(changes).toHaveLength(2);
  });

  it("stays until the answer where a patch does not say whose it is", async () => {
    const { link, join } = await joined({ items: [] });
    const { answer, sent } = addSoon("tea");
    const push = await sent(link);
    link.push(join, "state:patch", { patch: [add("other")], version: 1 });
    await until(() => live.version === 1);
    expect(live.state).toEqual({ items: ["other", "tea"] });
    link.push(join, "state:patch", { patch: [add("tea")], version: 2 });
    link.reply(push);
    await answer;
    expect(live.state).toEqual({ items: ["other", "tea"] });
  });

  it("goes before the error of its event is told", async () => {
    const { link, join } = await joined({ items: [] });
    const seen: Json[] = [];
    live.addEventListener("livestate-error", () => seen.push(live.state));
    const { answer, sent } = addSoon("tea");
    const push = await sent(link);
    link.push(join, "state:patch", { patch: [], version: 1 });
    link.reply(push, { type: "refused", message: "no tea" }, "error");
    expect(await answer).toMatchObject({ type: "refused", message: "no tea" });
    expect(live.state).toEqual({ items: [] });
    expect(seen).toEqual([{ items: [] }]);
  });

  it("that throws is not shown, and its event not sent", async () => {
    const { link } = await joined({ items: [] });
    const changes = record("livestate-change");
    const answer = live.dispatch("add", {}, { optimistic: (draft) => draft.nothing.push(1) });
    await expect(answer).rejects.toMatchObject({ type: "optimistic error", event: "add" });
    expect(live.error?.message).toMatch(/^The event was not sent: .*TypeError/);
    expect(changes).toEqual([]);
    expect(live.isPending()).toBe(false);
    live.dispatch("next");
    await link.take("lvs_evt:next");
    expect(link.count("lvs_evt:add")).toBe(0);
  });

  it("that comes to throw on another state is taken back", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { link, join } = await joined({ items: [{ n: 1 }] });
    const optimistic = (draft: Json) => {
      draft.items[0].n = 2;
    };
    live.dispatch("raise", {}, { optimistic });
    expect(live.state).toEqual({ items: [{ n: 2 }] });
    const patch = [{ op: "remove", path: "/items/0" }];
    link.push(join, "state:patch", { patch, version: 1 });
    await until(() => live.version === 1);
    expect(live.state).toEqual({ items: [] });
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it("of an event that can't be sent is never shown", async () => {
    client();
    const changes = record("livestate-change");
    await addSoon("tea").answer;
    await joined({ items: [] });
    live.disconnect();
    const later = record("livestate-change");
    expect(await addSoon("tea").answer).toMatchObject({ type: "not sent" });
    expect([...changes, ...later]).toEqual([]);
    expect(live.state).toEqual({ items: [] });
  });

  it("of an event that waits for the first state comes with that", async () => {
    client().connect();
    addSoon("tea");
    expect(live.state).toBeUndefined();
    await (await server.link()).accept({ items: [] });
    await until(() => live.state);
    expect(live.state).toEqual({ items: ["tea"] });
  });

  it("stays while its event may be sent again", async () => {
    const { link } = await joined({ items: [] }, { response: terms("first") });
    const { answer } = addSoon("tea");
    await link.take("lvs_evt:add");
    link.close();
    await until(() => live.status === "offline");
    expect(live.state).toEqual({ items: ["tea"] });
    const back = await server.link();
    const join = await back.take("phx_join");
    back.reply(join, terms("second", true));
    const again = await back.take("lvs_evt:add");
    expect(live.state).toEqual({ items: ["tea"] });
    back.push(join, "state:patch", { patch: [add("tea")], version: 1 }, again.ref);
    back.reply(again);
    await answer;
    expect(live.state).toEqual({ items: ["tea"] });
  });

  it("goes when its event is given up", async () => {
    const { link } = await joined({ items: [] });
    const { answer } = addSoon("tea");
    await link.take("lvs_evt:add");
    link.close();
    expect(await answer).toMatchObject({ type: "connection lost" });
    expect(live.state).toEqual({ items: [] });
    expect(live.isPending()).toBe(false);
  });
});

describe("with a server that answers no events, an effect", () => {
  it.each([
    ["patch", { patch: [add("tea")], version: 1 }],
    ["change", { state: { items: ["tea"] }, version: 1 }],
  ])("goes with the next %s", async (name, payload) => {
    const { link, join } = await joined({ items: [] }, { response: {} });
    const { answer, sent } = addSoon("tea");
    await answer;
    await sent(link);
    expect(live.state).toEqual({ items: ["tea"] });
    expect(live.isPending("add")).toBe(true);
    link.push(join, `state:${name}`, payload);
    await until(() => live.version === 1);
    expect(live.state).toEqual({ items: ["tea"] });
    expect(live.isPending()).toBe(false);
  });

  it("goes when the connection is lost", async () => {
    const { link } = await joined({ items: [] }, { response: {} });
    addSoon("tea");
    link.close();
    await until(() => live.status === "offline");
    expect(live.state).toEqual({ items: [] });
    expect(live.isPending()).toBe(false);
  });
});

it("an effect is typed by the state and the event's payload", async () => {
  await joined({ items: [] });
  const typed = live as unknown as LiveState<{ items: string[] }, { add: { title: string } }>;
  const isMilk = () => typed.state?.items.at(-1) === "milk";
  typed.dispatch(
    "add",
    { title: "milk" },
    { optimistic: ({ items }, { title }) => void items.push(title) },
  );
  expect([isMilk(), typed.isPending("add")]).toEqual([true, true]);
  typed.dispatch(
    "add",
    { title: "tea" },
    { optimistic: (draft) => ({ ...draft, items: ["milk"] }) },
  );
  expect(isMilk()).toBe(true);
  // @ts-expect-error: there is no such member
  typed.dispatch("add", { title: "tea" }, { optimistic: (draft) => draft.nothing });
  // @ts-expect-error: that is no state
  typed.dispatch("add", { title: "tea" }, { optimistic: () => ({ items: [1] }) });
  // @ts-expect-error: there is no such event
  expect(typed.isPending("remove")).toBe(false);
});

describe("isPending", () => {
  it("tells which events are on their way, and fires an event when that changes", async () => {
    const { link } = await joined();
    const changes = record("livestate-pending");
    live.dispatch("a");
    live.dispatch("a");
    live.dispatch("b");
    expect([live.isPending("a"), live.isPending("b"), live.isPending("c")]).toEqual([
      true,
      true,
      false,
    ]);
    link.reply(await link.take("lvs_evt:a"));
    link.reply(await link.take("lvs_evt:b"));
    await until(() => !live.isPending("b"));
    expect([live.isPending("a"), live.isPending()]).toEqual([true, true]);
    link.reply(await link.take("lvs_evt:a"), {}, "error");
    await until(() => !live.isPending("a"));
    expect(live.isPending()).toBe(false);
    expect(changes).toEqual([
      { event: "a", isPending: true },
      { event: "b", isPending: true },
      { event: "b", isPending: false },
      { event: "a", isPending: false },
    ]);
  });
});

describe("whatever comes in whatever order", () => {
  type Effect = (state: Json) => void;
  const value = fc.integer({ min: 0, max: 9 });
  const effect: fc.Arbitrary<Effect> = fc.oneof(
    value.map((n) => (state: Json) => {
      state.items.push(n);
    }),
    value.map((n) => (state: Json) => {
      state.n = n;
    }),
    fc.constant((state: Json) => {
      state.items.shift();
      state.n += 1;
    }),
  );
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ what: fc.constant("dispatch" as const), effect }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant("other" as const), effect }) },
    {
      weight: 3,
      arbitrary: fc.record({
        what: fc.constantFrom("handled" as const, "unnamed" as const, "failed" as const),
        which: fc.nat(),
        effect,
      }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant("lost" as const) }) },
  );

  it("the shown state is the server's with the effects of what is pending, in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let state: Json = { items: [], n: 0 };
        let version = 0;
        let { link, join } = await joined(state, { response: terms("token 0") });
        const pending: { effect: Effect; push: Frame; answer: Promise<unknown> }[] = [];
        const check = (isPending = pending.length > 0) => {
          const shown = structuredClone(state);
          for (const { effect } of pending) effect(shown);
          expect(live.state).toEqual(shown);
          expect(live.version).toBe(version);
          expect(live.isPending("do")).toBe(isPending);
        };
        /** Publishes what somebody has done. */
        const publish = async (effect: Effect, ref: Json = null) => {
          state = structuredClone(state);
          effect(state);
          version += 1;
          const patch = ["items", "n"].map((name) => {
            return { op: "replace", path: `/${name}`, value: state[name] };
          });
          link.push(join, "state:patch", { patch, version }, ref);
          await until(() => live.version === version);
        };
        for (const [number, step] of steps.entries()) {
          if (step.what === "dispatch") {
            const { effect } = step;
            const answer = live.dispatch("do", { number }, { optimistic: effect as Json });
            answer.catch(() => {});
            pending.push({ effect, answer, push: await link.take("lvs_evt:do") });
          } else if (step.what === "other") {
            await publish(step.effect);
          } else if (step.what === "lost") {
            link.close();
            await until(() => live.status === "offline");
            check();
            link = await server.link();
            join = await link.take("phx_join");
            link.reply(join, terms(`token ${number + 1}`, true));
            for (const sent of pending) sent.push = await link.take("lvs_evt:do");
            await until(() => live.status === "live");
          } else {
            const [answered] = pending.splice(step.which % (pending.length || 1), 1);
            if (!answered) continue;
            const { answer, push } = answered;
            if (step.what === "failed") {
              link.reply(push, { type: "raised", message: "no" }, "error");
            } else {
              const isNamed = step.what === "handled";
              await publish(step.effect, isNamed ? push.ref : null);
              if (isNamed) check(true);
              link.reply(push);
            }
            await answer.catch(() => {});
          }
          check();
        }
        for (const { push, answer } of pending.splice(0)) {
          link.reply(push);
          await answer;
        }
        check();
        live.disconnect();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
