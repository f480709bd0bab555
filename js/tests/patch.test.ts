// @vitest-environment node
import fc from "fast-check";
import judge from "fast-json-patch";
import { describe, expect, it } from "vitest";
import type { Json } from "../src/json";
import { applyPatch, type Operation, PatchError } from "../src/patch";

const proto = (text: string): Json => JSON.parse(text);

describe("a patch", () => {
  const add = (path: string, value: Json): Operation => ({ op: "add", path, value });
  const table: [string, Json, Json[], Json][] = [
    ["adds a member", { a: 1 }, [add("/b", 2)], { a: 1, b: 2 }],
    ["replaces by adding", { a: 1 }, [add("/a", 2)], { a: 2 }],
    ["adds the whole document", { a: 1 }, [add("", [1])], [1]],
    ["inserts into a list", [1, 3], [add("/1", 2)], [1, 2, 3]],
    ["appends at the length", [1], [add("/1", 2)], [1, 2]],
    ["appends at the dash", [1], [add("/-", 2)], [1, 2]],
    ["adds null", { a: 1 }, [add("/b", null)], { a: 1, b: null }],
    ["adds below the empty key", { "": {} }, [add("//a", 1)], { "": { a: 1 } }],
    ["replaces a member", { a: 1 }, [{ op: "replace", path: "/a", value: 2 }], { a: 2 }],
    ["replaces an item", [1, 2], [{ op: "replace", path: "/1", value: 3 }], [1, 3]],
    ["replaces the document", 1, [{ op: "replace", path: "", value: null }], null],
    ["removes a member", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
    ["removes an item", [1, 2, 3], [{ op: "remove", path: "/1" }], [1, 3]],
    ["removes the document", 1, [{ op: "remove", path: "" }], null],
    [
      "moves a member",
      { a: 1, b: {} },
      [{ op: "move", from: "/a", path: "/b/c" }],
      { b: { c: 1 } },
    ],
    ["moves an item", [1, 2, 3], [{ op: "move", from: "/0", path: "/2" }], [2, 3, 1]],
    ["moves to where it was", { a: 1 }, [{ op: "move", from: "/a", path: "/a" }], { a: 1 }],
    ["copies", { a: [1] }, [{ op: "copy", from: "/a", path: "/b" }], { a: [1], b: [1] }],
    [
      "changes a copy alone",
      { a: { x: 1 } },
      [add("/a/y", 2), { op: "copy", from: "/a", path: "/b" }, add("/b/z", 3), add("/a/w", 4)],
      { a: { x: 1, y: 2, w: 4 }, b: { x: 1, y: 2, z: 3 } },
    ],
    [
      "tests",
      { a: [1, { b: null }] },
      [{ op: "test", path: "/a", value: [1, { b: null }] }],
      { a: [1, { b: null }] },
    ],
    [
      "unescapes pointers",
      { "a/b": 1, "m~n": 2, "~1": 3 },
      [
        { op: "remove", path: "/a~1b" },
        { op: "replace", path: "/m~0n", value: 4 },
        { op: "replace", path: "/~01", value: 5 },
      ],
      { "m~n": 4, "~1": 5 },
    ],
    ["changes what it added", {}, [add("/a", { b: [] }), add("/a/b/-", 1)], { a: { b: [1] } }],
    ["takes numbers as keys", { "0": 1 }, [add("/1", 2)], { "0": 1, "1": 2 }],
    ["sets a member called constructor", {}, [add("/constructor", 1)], { constructor: 1 }],
  ];
  it.each(table)("%s", (_, document, patch, expected) => {
    const before = structuredClone(document);
    expect(applyPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  const invalid: [string, Json, Json, RegExp][] = [
    ["an index behind the end", [1], { op: "add", path: "/2", value: 1 }, /out of bounds/],
    [
      "an index behind the last item",
      [1],
      { op: "replace", path: "/1", value: 1 },
      /out of bounds/,
    ],
    ["a leading zero", [1], { op: "remove", path: "/00" }, /not an index/],
    ["a negative index", [1], { op: "remove", path: "/-1" }, /not an index/],
    ["a word as an index", [1], { op: "add", path: "/length", value: 1 }, /not an index/],
    ["the dash without adding", [1], { op: "remove", path: "/-" }, /not an index/],
    ["a missing member", {}, { op: "remove", path: "/a" }, /nothing is at "a"/],
    [
      "replacing a missing member",
      {},
      { op: "replace", path: "/a", value: 1 },
      /nothing is at "a"/,
    ],
    ["a missing parent", {}, { op: "add", path: "/a/b", value: 1 }, /nothing is at "a"/],
    ["a member of a number", { a: 1 }, { op: "add", path: "/a/b", value: 1 }, /neither an object/],
    ["a member of a string", { a: "x" }, { op: "remove", path: "/a/length" }, /neither an object/],
    ["a member of a null root", null, { op: "add", path: "/a", value: 1 }, /neither an object/],
    ["an inherited member", {}, { op: "remove", path: "/toString" }, /nothing is at/],
    [
      "the way through a prototype",
      {},
      { op: "add", path: "/__proto__/x", value: 1 },
      /nothing is at/,
    ],
    [
      "the way through a constructor",
      {},
      { op: "add", path: "/constructor/prototype/x", value: 1 },
      /nothing is at/,
    ],
    ["no value", {}, { op: "add", path: "/a" }, /no value/],
    ["no path", {}, { op: "add", value: 1 }, /not a JSON Pointer/],
    ["a path without a slash", {}, { op: "add", path: "a", value: 1 }, /not a JSON Pointer/],
    ["a bad escape", {}, { op: "add", path: "/a~2", value: 1 }, /not a JSON Pointer/],
    ["no from", {}, { op: "copy", path: "/a" }, /not a JSON Pointer/],
    ["a move into itself", { a: {} }, { op: "move", from: "/a", path: "/a/b" }, /into itself/],
    ["a failing test", { a: 1 }, { op: "test", path: "/a", value: true }, /another/],
    [
      "a test of other keys",
      { a: { b: 1 } },
      { op: "test", path: "/a", value: { c: 1 } },
      /another/,
    ],
    ["an unknown operation", {}, { op: "merge", path: "/a", value: 1 }, /no such operation/],
    ["something else", {}, 1, /not an object/],
  ];
  it.each(invalid)("refuses %s, and changes nothing", (_, document, operation, reason) => {
    const before = structuredClone(document);
    const patch = [{ op: "test", path: "", value: before }, operation] as Operation[];
    expect(() => applyPatch(document, patch)).toThrow(PatchError);
    expect(() => applyPatch(document, patch)).toThrow(reason);
    expect(() => applyPatch(document, patch)).toThrow("operation 1");
    expect(document).toEqual(before);
  });

  it("sets own members called __proto__ and no prototype", () => {
    const patch = proto('[{"op": "add", "path": "/__proto__", "value": {"isAdmin": true}}]');
    const changed = applyPatch({ a: 1 }, patch);
    expect(Object.getPrototypeOf(changed)).toBe(Object.prototype);
    expect(Object.keys(changed)).toEqual(["a", "__proto__"]);
    expect(changed.isAdmin).toBeUndefined();
    const deeper = applyPatch(changed, [{ op: "add", path: "/__proto__/x", value: 1 }]);
    expect(JSON.stringify(deeper)).toBe('{"a":1,"__proto__":{"isAdmin":true,"x":1}}');
    expect(JSON.stringify(changed)).toBe('{"a":1,"__proto__":{"isAdmin":true}}');
    expect(({} as Json).isAdmin).toBeUndefined();
  });

  it("keeps the identity of what it does not touch", () => {
    const document = { a: { deep: [{}] }, b: { c: [{ id: 1 }, { id: 2 }], d: {} } };
    const changed = applyPatch(document, [{ op: "replace", path: "/b/c/1/id", value: 3 }]);
    expect(changed.a).toBe(document.a);
    expect(changed.b.d).toBe(document.b.d);
    expect(changed.b.c[0]).toBe(document.b.c[0]);
    expect(changed.b.c[1]).not.toBe(document.b.c[1]);
    expect(changed.b.c).not.toBe(document.b.c);
    expect(applyPatch(document, [])).toBe(document);
    expect(applyPatch(document, [{ op: "test", path: "/b/d", value: {} }])).toBe(document);
  });

  it("keeps the identity of items that move", () => {
    const document = [{ id: 1 }, { id: 2 }];
    const changed = applyPatch(document, [{ op: "move", from: "/1", path: "/0" }]);
    expect(changed[0]).toBe(document[1]);
    expect(changed[1]).toBe(document[0]);
  });

  it("changes 10,000 items of one list without copying it for each", () => {
    const rows = Array.from({ length: 100_000 }, (_, id) => ({ id }));
    const patch: Operation[] = Array.from({ length: 10_000 }, (_, i) => ({
      op: "replace",
      path: `/${i * 10}/id`,
      value: -1,
    }));
    const start = performance.now();
    const changed = applyPatch(rows, patch);
    expect(performance.now() - start).toBeLessThan(1_000); // copying takes 100 times as long
    expect(changed[99_990]).toEqual({ id: -1 });
    expect(changed[1]).toBe(rows[1]);
  });
});

/** Keys that are few, so that patches meet them, and awkward. */
const keys = fc.constantFrom("a", "b", "", "a/b", "m~n", "0", "constructor");
const documents = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(null, true, 0, 1, "x"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value as fc.Arbitrary<Json>;

/** Returns the pointers to every part of a document. */
function pointers(value: Json, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [path];
  const token = (key: string) => key.replaceAll("~", "~0").replaceAll("/", "~1");
  return [
    path,
    ...Object.keys(value).flatMap((key) => pointers(value[key], `${path}/${token(key)}`)),
  ];
}

const at = (document: Json, pointer: string): Json => judge.getValueByPointer(document, pointer);

/** An operation that mostly fits the document, and sometimes does not. */
function operations(document: Json): fc.Arbitrary<Operation> {
  const place = fc.constantFrom(...pointers(document));
  const target = fc.oneof(
    { weight: 3, arbitrary: place },
    {
      weight: 2,
      arbitrary: fc.tuple(place, fc.constantFrom("a", "-", "0", "1", "9")).map((p) => p.join("/")),
    },
  );
  return fc.oneof(
    fc.record({ op: fc.constant("add" as const), path: target, value: documents }),
    fc.record({ op: fc.constant("replace" as const), path: target, value: documents }),
    fc.record({ op: fc.constant("remove" as const), path: target }),
    fc.record({ op: fc.constant("move" as const), from: place, path: target }),
    fc.record({ op: fc.constant("copy" as const), from: place, path: target }),
  );
}

/**
 * Returns what fast-json-patch makes of a patch. It resolves the target of a move before it removes
 * the source, which may shift it; RFC 6902 section 4.4 says "remove, followed immediately by add".
 */
function judged(document: Json, patch: Operation[], validate = false): Json {
  return patch.reduce((before, operation) => {
    const steps: Operation[] =
      operation.op === "move" && operation.from !== operation.path
        ? [
            { op: "remove", path: operation.from },
            { op: "add", path: operation.path, value: at(before, operation.from) },
          ]
        : [operation];
    return judge.applyPatch(before, structuredClone(steps) as Json, validate).newDocument;
  }, structuredClone(document));
}

describe("any patch", () => {
  const cases = documents.chain((document) =>
    fc.tuple(fc.constant(document), fc.array(operations(document), { maxLength: 6 })),
  );

  it("gives what fast-json-patch gives, and leaves the old document whole", () => {
    fc.assert(
      fc.property(cases, ([document, patch]) => {
        const before = structuredClone(document);
        let changed: Json;
        try {
          changed = applyPatch(document, patch);
        } catch {
          expect(document).toEqual(before);
          return;
        }
        expect(document).toEqual(before);
        expect(changed).toEqual(judged(document, patch));
      }),
      { numRuns: 500 },
    );
  });

  it("fails wherever fast-json-patch fails", () => {
    fc.assert(
      fc.property(cases, ([document, patch]) => {
        try {
          judged(document, patch, true);
        } catch {
          expect(() => applyPatch(document, patch)).toThrow(PatchError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("leads from any document to any other, by the patch that fast-json-patch finds", () => {
    fc.assert(
      fc.property(documents, documents, (one, other) => {
        const patch = judge.compare({ at: one }, { at: other }) as Operation[];
        expect(applyPatch({ at: one }, patch)).toEqual({ at: other });
      }),
      { numRuns: 500 },
    );
  });

  it("keeps the identity of all that lies off the paths it names", () => {
    fc.assert(
      fc.property(documents, documents, (one, other) => {
        const document = { at: one, beside: { whole: [{}] } };
        const patch = judge.compare(document, { ...document, at: other }) as Operation[];
        const changed = applyPatch(document, patch);
        expect(changed.beside).toBe(document.beside);
        if (patch.some(({ op, path }) => op !== "replace" || path === "/at")) return;
        for (const pointer of pointers(document)) {
          const isNamed = patch.some(
            ({ path }) => `${path}/`.startsWith(`${pointer}/`) || pointer.startsWith(`${path}/`),
          );
          if (!isNamed) expect(at(changed, pointer)).toBe(at(document, pointer));
        }
      }),
      { numRuns: 300 },
    );
  });
});
