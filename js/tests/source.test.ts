import { expect, it } from "vitest";
import { Source } from "../src/source";

const TEXT = 'import { a } from "lit"; import { b } from "lit"; c;\nd;\n\n';

/** The source with each name of a library replaced. */
const edited = (to: string) => {
  const edits = [...TEXT.matchAll(/lit/g)].map(({ index }) => ({
    start: index,
    stop: index + 3,
    text: to,
  }));
  return new Source("todo-list.js", TEXT, edits);
};

it("the code has the edits and the lines of the text", () => {
  const { code } = edited("blob:library");
  expect(code).toContain('import { a } from "blob:library"; import { b } from "blob:library"; c;');
  expect(code.split("\n")[1]).toBe("d;");
});

it("a place in the code is found in the text, behind and before edits of its line", () => {
  for (const to of ["blob:library", "x"]) {
    const source = edited(to);
    for (const mark of ["{ a", "{ b", "c;", "d;"]) {
      const before = source.code.slice(0, source.code.indexOf(mark)).split("\n");
      const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
      expect(source.placeOf(place), mark).toEqual(source.placeAt(TEXT.indexOf(mark)));
    }
  }
});

it("a place inside an edit is where that begins, and one behind the text is its end", () => {
  const source = edited("blob:library");
  expect(source.placeOf({ line: 1, column: 25 })).toEqual({ line: 1, column: 20 });
  expect(source.placeOf({ line: 9, column: 5 })).toEqual({ line: 2, column: 3 });
});

it("a line has no indentation, and what is none is empty", () => {
  expect(new Source("a.js", "\n  b;").line(2)).toBe("b;");
  expect(new Source("a.js", "b;").line(7)).toBe("");
});
