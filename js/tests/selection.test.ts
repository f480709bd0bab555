// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { Json } from "../src/json";
import { isSame, parsePath, Selection } from "../src/selection";

describe("a path", () => {
  it.each([
    ["a", ["a"]],
    ["a.b[0]", ["a", "b", "0"]],
    ["[0].a", ["0", "a"]],
    ["rows.0.title", ["rows", "0", "title"]],
    ['a["first name"][\'it "is"\']', ["a", "first name", 'it "is"']],
    ["größe.$id_1", ["größe", "$id_1"]],
    ["", []],
  ])("%j has these steps: %j", (path, steps) => {
    expect(parsePath(path)).toEqual(steps);
  });

  it.each(["a + 1", "a.", "a..b", ".", "a[b]", "a[0", "a b", "a.b()", '["a'])(
    "is not %j",
    (path) => {
      expect(() => parsePath(path)).toThrow(
        `expected a path such as user.names[0], got ${JSON.stringify(path)}`,
      );
    },
  );

  it.each([
    ["a.b[1]", 2],
    ["a.b.length", 2],
    ["a.c.d", undefined],
    ["a.b[7]", undefined],
    ["none.at.all", undefined],
    ["n.x", undefined],
    ["a.constructor", undefined],
    ["a.b.constructor.name", undefined],
    ["a.b.push", undefined],
    ["__proto__", undefined],
    ["a.__proto__.toString", undefined],
    ["text.length", 2],
    ["text.length.constructor", undefined],
    ["a.0.b", undefined],
    ["list.0.b", 1],
    ["list.00.b", undefined],
    ["own.__proto__.n", 3],
    ["own.constructor", 4],
    ["own.length", 5],
  ])("%j leads to what is there, or to nothing", (path, value) => {
    const selection = new Selection(path);
    const own = JSON.parse('{"__proto__": {"n": 3}, "constructor": 4, "length": 5}');
    selection.update({ a: { b: [1, 2] }, list: [{ b: 1 }], n: null, own, text: "ab" });
    expect(selection.value).toBe(value);
  });
});

describe("a selection", () => {
  it("is another only when its value is", () => {
    const selection = new Selection((state: Json) => state.n);
    expect(selection.value).toBeUndefined();
    expect(selection.update({ n: 1 })).toBe(true);
    expect(selection.update({ n: 1, m: 2 })).toBe(false);
    expect(selection.update({ n: Number.NaN })).toBe(true);
    expect(selection.update({ n: Number.NaN })).toBe(false);
    expect(selection.update(undefined)).toBe(true);
    expect(selection.value).toBeUndefined();
  });

  it("keeps the identity of what a function makes anew", () => {
    const open = new Selection((state: Json) => state.items.filter(({ done }: Json) => !done));
    const items = [{ done: true }, { done: false }];
    open.update({ items });
    const { value } = open;
    expect(open.update({ items: [...items] })).toBe(false);
    expect(open.value).toBe(value);
    expect(open.update({ items: [...items, {}] })).toBe(true);
  });

  it("throws what its function has thrown when it is read, until that succeeds", () => {
    const selection = new Selection((state: Json) => state.a.b);
    expect(selection.update({})).toBe(true);
    expect(() => selection.value).toThrow(TypeError);
    expect(selection.update({ a: {} })).toBe(true);
    expect(selection.value).toBeUndefined();
  });
});

describe("two values", () => {
  const item = {};
  it.each<[boolean, Json, Json]>([
    [true, [item, 1], [item, 1]],
    [false, [{}], [{}]],
    [false, [1], [1, 2]],
    [true, { a: item }, { a: item }],
    [false, { a: undefined }, { b: undefined }],
    [false, {}, []],
    [false, {}, null],
    [false, new Map(), new Map()],
    [false, new Date(0), new Date(0)],
  ])("are the same (%s): %j, %j", (result, one, other) => {
    expect(isSame(one, other)).toBe(result);
    expect(isSame(other, one)).toBe(result);
  });
});
