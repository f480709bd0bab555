import { describe, expect, it } from "vitest";
import { inWords, Reader, textOf } from "../../src/ui/series";

const read = (value: unknown, y = ["loss"]) => new Reader().read(value, "t", y);

describe("the points of a chart", () => {
  it("are rows, or columns", () => {
    const points = { x: [0, 1, 2], y: [[3, null, 5]], isTime: false, missing: [] };
    const rows = [
      { t: 0, loss: 3 },
      { t: 1, loss: null },
      { t: 2, loss: 5 },
    ];
    expect(read(rows)).toEqual(points);
    expect(read({ t: [0, 1, 2], loss: [3, null, 5], other: "x" })).toEqual(points);
  });

  it("are ordered by x; those without one are left out", () => {
    const rows = [
      { t: 2, loss: 1 },
      { t: null, loss: 9 },
      { t: 1, loss: 2 },
      { loss: 9 },
      { t: 2, loss: 3 },
    ];
    expect(read(rows)).toMatchObject({ x: [1, 2, 2], y: [[2, 1, 3]] });
  });

  it("have gaps where there is no number, or not yet one", () => {
    const columns = { t: [0, 1, 2], loss: [1, "two"] };
    expect(read(columns).y).toEqual([[1, null, null]]);
  });

  it("may be of dates and times, local where they name no zone", () => {
    const rows = [
      { t: "2026-11-24", loss: 1 },
      { t: "2026-11-25T10:00:00Z", loss: 2 },
    ];
    const data = read(rows);
    expect(data.isTime).toBe(true);
    expect(data.x[0]).toBe(new Date(2026, 10, 24).getTime() / 1_000);
    expect(data.x[1]).toBe(Date.UTC(2026, 10, 25, 10) / 1_000);
    expect(read([...rows, { t: "soon", loss: 3 }]).x).toHaveLength(2);
  });

  it("tell what the state has nothing for; no points are none missing", () => {
    expect(read([{ t: 1 }], ["loss", "accuracy"]).missing).toEqual(["loss", "accuracy"]);
    expect(read({ t: [1] }).missing).toEqual(["loss"]);
    expect(read([])).toEqual({ x: [], y: [[]], isTime: false, missing: [] });
    expect(read({ t: [], loss: [] }).missing).toEqual([]);
  });

  it("are the same however they came to be", () => {
    const reader = new Reader();
    let rows: unknown[] = Array.from({ length: 20 }, (_, t) => ({ t, loss: t * t }));
    const steps = [
      () => [...rows.slice(3), { t: 20, loss: 1 }],
      () => [{ t: -1, loss: 7 }, ...rows],
      () => rows.with(9, { t: 9, loss: 99 }),
      () => rows.slice(5, 9),
      () => [],
      () => [{ t: 1, loss: 2, other: 3 }],
    ];
    for (const step of steps) {
      expect(reader.read(rows, "t", ["loss"])).toEqual(read(rows));
      rows = step();
    }
    expect(reader.read(rows, "t", ["other"])).toEqual(read(rows, ["other"]));
  });

  it("are nothing else", () => {
    for (const value of ["text", null, 3]) {
      expect(() => read(value)).toThrow('expected rows, [{"t": 0, …}], or columns');
    }
  });
});

describe("the words of a chart", () => {
  it("say how many points there are, from where to where, and the last values", () => {
    const data = read({ t: [0, 1, 2], loss: [3, 0.1 + 0.2, null], b: [null, null, null] }, [
      "loss",
      "b",
    ]);
    expect(inWords("line chart", "t", ["loss", "b"], data)).toBe(
      "line chart of 3 points; T from 0 to 2; Loss: last 0.3, from 0.3 to 3; B: no values",
    );
    expect(inWords("line chart", "t", ["loss"], read([]))).toBe("line chart of 0 points");
    expect(inWords("line chart", "t", ["loss"], read([{ t: 1, loss: 2 }]))).toContain(
      "of 1 point;",
    );
  });

  it("write times as the reader does", () => {
    expect(textOf(0, true)).toBe(new Date(0).toLocaleString());
  });
});
