import { describe, expect, it } from "vitest";
import { describe as describePath, labelOf, type Path, read } from "../../src/ui/path";

const state = { user: { "e.mail": "a@b", name: null }, rows: [{ title: "x" }], "": 1 };

describe("a path", () => {
  it.each([
    ["", state],
    ["user.name", null],
    ["rows.0.title", "x"],
    ["rows[0].title", "x"],
    ['user["e.mail"]', "a@b"],
    [["user", "e.mail"], "a@b"],
    [["rows", 0, "title"], "x"],
    [[""], 1],
    ["rows.length", 1],
  ])("%j leads to a part", (path, part) => {
    expect(read(state, path)).toBe(part);
  });

  it.each<Path>([
    "users",
    "user.name.first",
    "rows.1",
    "rows.01",
    "rows.0.title.b",
    "rows.length.0",
    "user.toString",
    "__proto__",
    "user.constructor.name",
  ])("%j leads to nothing", (path) => {
    expect(read(state, path)).toBeUndefined();
  });

  it("counts from the beginning only", () => {
    expect(read(state, ["rows", -1])).toBeUndefined();
  });

  it("makes a label", () => {
    expect(labelOf("user.first_name")).toBe("First name");
    expect(labelOf("rows.0")).toBe("Rows 0");
    expect(labelOf("")).toBe("State");
    expect(labelOf(["e.mail"])).toBe("E.mail");
  });

  it("is written as in Python where that is possible", () => {
    expect(describePath(["rows", "0"])).toBe("rows.0");
    expect(describePath(["e.mail"])).toBe('["e.mail"]');
  });
});
