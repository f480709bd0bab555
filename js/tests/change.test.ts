// @vitest-environment node
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { change } from "../src/change";
import type { Json } from "../src/json";

describe("a change", () => {
  it("is written as if in place, and leaves the state as it was", () => {
    const state = {
      items: [
        { id: 1, tags: ["a"] },
        { id: 2, tags: [] },
      ],
      other: { n: 1 },
    };
    const before = structuredClone(state);
    const changed = change(state, (draft) => {
      draft.items.push({ id: 3, tags: ["c"] });
      (draft.items[0] as Json).tags[0] = "b";
    });
    expect(changed.items).toEqual([
      { id: 1, tags: ["b"] },
      { id: 2, tags: [] },
      { id: 3, tags: ["c"] },
    ]);
    expect(state).toEqual(before);
    expect(changed.other).toBe(state.other);
    expect(changed.items[1]).toBe(state.items[1]);
  });

  it("may be returned, made of parts of the draft", () => {
    const state = { items: [{ id: 1 }, { id: 2 }], other: {} };
    const changed = change(state, (draft) => ({
      ...draft,
      items: draft.items.filter(({ id }) => id !== 1).map((item) => ({ was: item, ...item })),
    }));
    expect(changed).toEqual({ items: [{ was: { id: 2 }, id: 2 }], other: {} });
    expect((changed.items[0] as Json).was).toBe(state.items[1]);
    expect(changed.other).toBe(state.other);
  });

  it("that changes nothing is the state itself", () => {
    const state = { items: [1], text: "a" };
    expect(
      change(state, (draft) => {
        draft.text = "a";
        draft.items.push(2);
        draft.items.pop();
      }),
    ).toBe(state);
    expect(change(state, (draft) => draft)).toBe(state);
    expect(change(state, (draft) => ({ ...draft }))).toEqual(state);
  });

  it("takes no notice of what an expression happens to return", () => {
    const changed = change({ items: ["a"] }, (draft) => draft.items.push("b") as Json);
    expect(changed).toEqual({ items: ["a", "b"] });
  });

  it("moves what it is told to, and keeps its identity", () => {
    const state: Json = { from: [{ id: 1 }], to: [] };
    const changed = change(state, (draft) => {
      draft.to.push(draft.from.pop());
    });
    expect(changed).toEqual({ from: [], to: [{ id: 1 }] });
    expect(changed.to[0]).toBe(state.from[0]);
  });

  it("leaves alone what it is given", () => {
    const item = { done: false };
    const changed = change({ items: [] as Json[] }, (draft) => {
      draft.items.push(item);
      draft.items[0].done = true;
    });
    expect(changed).toEqual({ items: [{ done: true }] });
    expect(item).toEqual({ done: false });
  });

  it("reaches only the one of two places that hold the same object", () => {
    const shared = { n: 1 };
    const changed = change({ a: shared, b: shared }, (draft) => {
      draft.a.n = 2;
    });
    expect(changed).toEqual({ a: { n: 2 }, b: { n: 1 } });
  });

  it("may be about any name", () => {
    const state = JSON.parse('{"__proto__": {"n": 1}, "constructor": {"n": 1}}');
    const changed = change(state, (draft) => {
      draft.constructor.n = 2;
      const name = "__proto__";
      draft[name].n = 2;
    });
    expect(JSON.stringify(changed)).toBe('{"__proto__":{"n":2},"constructor":{"n":2}}');
  });

  it("is either written or returned, and at once", () => {
    const both = (draft: Json) => {
      draft.n = 2;
      return { n: 3 };
    };
    expect(() => change({ n: 1 }, both)).toThrow("got both");
    expect(() => change({ n: 1 }, (async () => {}) as Json)).toThrow("got a promise");
  });

  it("does to a state what it would do in place, and to the state itself nothing", () => {
    const key = fc.constantFrom("a", "b", "0", "1");
    const step = fc.tuple(
      fc.constantFrom("set", "delete", "push", "splice", "reverse", "copy"),
      fc.array(key, { maxLength: 3 }),
      key,
      fc.jsonValue({ maxDepth: 1 }),
    );
    const run = (state: Json, steps: [string, string[], string, Json][]) => {
      for (const [what, path, name, value] of steps) {
        let place = state;
        for (const part of path) {
          if (Object.hasOwn(place, part) && typeof place[part] === "object" && place[part]) {
            place = place[part];
          }
        }
        if (Array.isArray(place)) {
          if (what === "push") place.push(structuredClone(value));
          if (what === "splice") place.splice(Number(name) || 0, 1, structuredClone(value));
          if (what === "reverse") place.reverse();
        } else {
          if (what === "set") place[name] = structuredClone(value);
          if (what === "delete") delete place[name];
          if (what === "copy") place[name] = JSON.parse(JSON.stringify(state));
        }
      }
    };
    fc.assert(
      fc.property(
        fc.dictionary(key, fc.jsonValue({ maxDepth: 3 })),
        fc.array(step, { maxLength: 8 }),
        (state, steps) => {
          const before = structuredClone(state);
          const expected = structuredClone(state);
          run(expected, steps);
          expect(change(state, (draft) => run(draft, steps) as undefined)).toEqual(expected);
          expect(state).toEqual(before);
        },
      ),
    );
  });
});
