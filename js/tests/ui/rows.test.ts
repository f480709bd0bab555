import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../src/json";
import { cellOf, columnsOf, Order, type Sorting } from "../../src/ui/rows";

const up: Sorting = { key: "a", isDescending: false };
const down: Sorting = { key: "a", isDescending: true };

function values(rows: readonly Json[], sorting: Sorting, order = new Order()): Json[] {
  return order.apply(rows, sorting).map((place) => rows[place].a);
}

describe("columns", () => {
  it("are the keys of the first rows, as they come, or those that are given", () => {
    const rows = [
      { first_name: "Ann", age: 3 },
      { age: null, size: 1.5 },
    ];
    expect(columnsOf(rows).map(({ key, label, isNumeric }) => [key, label, isNumeric])).toEqual([
      ["first_name", "First name", false],
      ["age", "Age", true],
      ["size", "Size", true],
    ]);
    const given = columnsOf(rows, ["size", ["Who", "first_name"], "none"]);
    expect(given.map(({ key, label }) => [key, label])).toEqual([
      ["size", "Size"],
      ["first_name", "Who"],
      ["none", "None"],
    ]);
  });

  it("are as wide as their label and their values, within bounds", () => {
    const rows = [{ id: 1, name: "twelve chars", text: "x".repeat(99), long_label: 1 }];
    expect(columnsOf(rows).map(({ width }) => width)).toEqual([4, 12, 40, 12]);
  });
});

describe("cells", () => {
  it.each<[Json, string, string]>([
    [1234567, "1234567", "number"],
    [0.1 + 0.2, "0.3", "number"],
    [1234567.891, "1234567.891", "number"],
    [0.00000123456789, "0.00000123457", "number"],
    [true, "✓", "yes"],
    [false, "✗", "no"],
    [null, "–", "none"],
    [undefined, "–", "none"],
    ["", "", "text"],
    ["2026-11-24T10:00:03.123456Z", "2026-11-24 10:00:03Z", "text"],
    ["2026-11-24", "2026-11-24", "text"],
    [{ a: [1] }, '{"a":[1]}', "other"],
  ])("shows %j as %s", (value, text, kind) => {
    expect(cellOf(value).text).toBe(kind === "number" ? `${Number(text)}` : text);
    expect(cellOf(value).kind).toBe(kind);
  });
});

describe("the order", () => {
  it("is by number, or by text as people do; what has no value comes last both ways", () => {
    const mixed = [2, "b10", null, 10, "b9", true, "a", -1].map((a) => ({ a }));
    expect(values([...mixed, {}, "no row"], up).slice(0, 7)).toEqual([
      true,
      -1,
      2,
      10,
      "a",
      "b9",
      "b10",
    ]);
    const backwards = new Order().apply([...mixed, {}], down);
    expect(backwards.map((place) => mixed[place]?.a)).toEqual([
      "b10",
      "b9",
      "a",
      10,
      2,
      -1,
      true,
      null,
      undefined,
    ]);
  });

  it("keeps equal rows as they stand in the list", () => {
    const rows = [1, 0, 1, 0].map((a) => ({ a }));
    expect(new Order().apply(rows, up)).toEqual([1, 3, 0, 2]);
    expect(new Order().apply(rows, down)).toEqual([0, 2, 1, 3]);
  });

  it("is the same however the rows came to be", () => {
    const change = fc.record({
      kind: fc.constantFrom("set", "insert", "remove", "move", "copy", "turn"),
      at: fc.nat(),
      to: fc.nat(),
      a: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(null), fc.constantFrom("x", "y")),
    });
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 8 }), fc.array(change), (first, changes) => {
        let rows: Json[] = first.map((a) => ({ a }));
        let sorting = up;
        const order = new Order();
        order.apply(rows, sorting);
        for (const { kind, at, to, a } of changes) {
          rows = [...rows];
          const [one, other] = [at % rows.length, to % rows.length];
          if (kind === "set") rows[one] = { a };
          else if (kind === "insert") rows.splice(one, 0, { a });
          else if (kind === "remove" && rows.length > 1) rows.splice(one, 1);
          else if (kind === "move") rows.splice(other, 0, ...rows.splice(one, 1));
          else if (kind === "copy") rows[one] = rows[other];
          else if (kind === "turn") sorting = sorting === up ? down : up;
          expect(order.apply(rows, sorting)).toEqual(new Order().apply(rows, sorting));
        }
      }),
    );
  });

  it("compares no more rows than a patch has changed", () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => ({ a: `row ${(n * 7919) % 5_000}` }));
    const order = new Order();
    order.apply(rows, up);
    const next = [...rows];
    const [patched, fresh] = [order, undefined].map((kept) => {
      const times = Array.from({ length: 5 }, (_, n) => {
        next[n * 17] = { a: `row ${n * 100}.5` };
        const start = performance.now();
        const places = (kept ?? new Order()).apply(next, up);
        const time = performance.now() - start;
        expect(places.length).toBe(5_000);
        return time;
      });
      return Math.min(...times);
    });
    expect((patched as number) * 3).toBeLessThan(fresh as number);
  });
});
