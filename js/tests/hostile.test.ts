// @vitest-environment node
/** Frames and patches of a server that does not keep to the rules. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Json } from "../src/json";
import { applyPatch, type Operation, PatchError } from "../src/patch";
import { joined, live, record, useServer } from "./client";
import { until } from "./until";

/** More in the nightly run. */
const times = process.env.HYPOTHESIS_PROFILE === "nightly" ? 20 : 1;
const CASES = 60 * times;
const PATCHES = 1000 * times;

/** Stands for the ref of the client's join. */
const JOIN = "the ref of the join";

const names = fc.constantFrom(
  "__proto__",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "length",
  "",
  "-",
  "0",
  "~",
  "</script><script>alert(1)</script>",
);
const leaves = fc.oneof(
  fc.constantFrom<Json>(null, true, 0, -1, 1e308, "", "x".repeat(10_000)),
  names,
);
/** Objects as JSON.parse makes them: `__proto__` is a member as any other. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaves,
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(fc.tuple(names, tie("value")), { maxLength: 3 })
      .map((members) =>
        JSON.parse(
          `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)}}`,
        ),
      ),
  ),
})).value as fc.Arbitrary<Json>;

const paths = fc
  .array(names, { minLength: 1, maxLength: 3 })
  .map((path) => path.map((name) => `/${name}`).join(""));
const pointers = fc.oneof(
  { weight: 8, arbitrary: paths },
  fc.constantFrom<Json>("", "/~", "/~2", "/~01", "/~1", "/00", "/1e9", `/${"9".repeat(20)}`, "a"),
  values,
);
const kinds = fc.constantFrom("add", "add", "remove", "replace", "move", "copy", "test");
const operations = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: kinds, path: pointers, from: pointers, value: values }) },
  fc.record({ op: names, path: pointers }),
  values,
);

/** Checks that what all objects have is as it was. */
function expectCleanPrototypes(): void {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
  expect(Object.keys(Object)).toEqual([]);
  expect(Object.getPrototypeOf({})).toBe(Object.prototype);
}

/** Checks that every part of a value has the prototype that JSON.parse gives it. */
function expectPlain(value: Json): void {
  if (typeof value !== "object" || value === null) return;
  expect([Object.prototype, Array.prototype]).toContain(Object.getPrototypeOf(value));
  for (const key of Object.keys(value)) {
    expectPlain(Object.getOwnPropertyDescriptor(value, key)?.value);
  }
}

describe("a hostile patch", () => {
  it("is applied whole or not at all, and reaches no prototype", () => {
    fc.assert(
      fc.property(values, fc.array(operations, { minLength: 1, maxLength: 3 }), (part, patch) => {
        const document = { a: part, constructor: part };
        const before = JSON.stringify(document);
        try {
          const changed = applyPatch(document, patch as Operation[]);
          expectPlain(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(PatchError);
        }
        expect(JSON.stringify(document)).toBe(before);
        expectCleanPrototypes();
      }),
      { numRuns: PATCHES },
    );
  }, 600_000);
});

describe("a hostile server", () => {
  useServer();

  it("says no version by what is no number", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { link, join } = await joined();
    link.push(join, "state:change", { state: { n: 1 }, version: { toString: {} } });
    link.push(join, "state:patch", { patch: [], version: 1 });
    await link.take("lvs_refresh");
    expect([live.state, live.version]).toEqual([{ n: 1 }, undefined]);
  });

  it("cannot stop a client from following what it says next", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {}); // that a patch does not fit
    const refs = fc.oneof(
      fc.constantFrom<Json>(null, JOIN, "0", "999", 1, true, [], {}, "__proto__"),
      values,
    );
    const events = fc.oneof(
      fc.constantFrom(
        "state:change",
        "state:patch",
        "state:patch",
        "error",
        "presence_state",
        "presence_diff",
        "hello",
        "lvs_evt:x",
        "livestate-change",
        "livestate-status",
        "chan_reply_1",
      ),
      names,
    );
    const versions = fc.oneof(fc.integer({ min: -1, max: 3 }) as fc.Arbitrary<Json>, values);
    const payloads = fc.oneof(
      values,
      fc.record({ state: values, version: versions }),
      fc.record({ patch: fc.oneof(fc.array(operations), values), version: versions }),
      fc.record({ joins: values, leaves: values }),
      fc.record({ type: values, event: values, message: values }),
    );
    const ours = fc.tuple(fc.constantFrom(JOIN, null), refs, fc.constant("todos:me"), events);
    const foreign = fc.tuple(
      fc.constantFrom<Json>("77", 7, true, {}, [], "__proto__"),
      refs,
      fc.oneof(fc.constantFrom("todos:me", "phoenix"), names),
      fc.oneof(events, fc.constantFrom("phx_close", "phx_error")),
    );
    const frames = fc
      .tuple(fc.oneof(ours, ours, foreign), payloads)
      .map(([head, payload]) => [...head, payload]);
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { minLength: 1, maxLength: 20 }), async (hostile) => {
        const { link, join } = await joined();
        record("hello");
        for (const frame of hostile) {
          link.send(JSON.stringify(frame.map((one) => (one === JOIN ? join.ref : one))));
        }
        link.push(join, "state:change", { state: { isWell: true }, version: 1 });
        await until(() => live.state?.isWell);
        expect([live.status, live.version]).toEqual(["live", 1]);
        expectCleanPrototypes();
        live.disconnect();
      }),
      { numRuns: CASES },
    );
  }, 600_000);
});
