import { expect, it } from "vitest";
import { Source } from "../src/source";
import { guess, locate } from "../src/syntax";

const failed = (fields: object) => Object.assign(new SyntaxError("Unexpected token"), fields);

it("Firefox writes the place of a syntax error on it", async () => {
  const error = failed({ lineNumber: 3, columnNumber: 7 });
  expect(await locate("blob:x", error)).toEqual({ line: 3, column: 7 });
});

it("Safari writes it there under other names", async () => {
  expect(await locate("blob:x", failed({ line: 3, column: 7 }))).toEqual({ line: 3, column: 7 });
});

it("Chromium tells the page's error listeners when a script meets the error", async () => {
  const seen: unknown[] = [];
  const listener = (event: Event) => seen.push(event);
  window.addEventListener("error", listener);
  const place = locate("blob:x", failed({}));
  const script = document.querySelector("script");
  expect([script?.type, script?.src]).toEqual(["module", "blob:x"]);
  const report = (message: string, lineno: number) =>
    window.dispatchEvent(new ErrorEvent("error", { message, lineno, colno: 7 }));
  report("Uncaught Error: another", 1);
  report("Uncaught SyntaxError: Unexpected token", 3);
  expect(await place).toEqual({ line: 3, column: 7 });
  expect(seen).toHaveLength(1);
  expect(document.querySelector("script")).toBeNull();
  window.removeEventListener("error", listener);
});

it("a browser that does not tell leaves the place open", async () => {
  expect(await locate("blob:x", failed({}))).toBeUndefined();
});

it("an error in a module that is imported names that one", async () => {
  const [fileName, sourceURL] = ["https://host/x.js", "todo-list.js"];
  const place = { line: 3, column: 7 };
  expect(await locate("blob:x", failed({ fileName, lineNumber: 3, columnNumber: 7 }))).toEqual({
    ...place,
    file: fileName,
  });
  for (const file of [sourceURL, "blob:x"]) {
    expect(await locate("blob:x", failed({ sourceURL: file, line: 3, column: 7 }))).toEqual(place);
  }
});

/** What is guessed where the browser stops at the mark. */
const guessAt = (marked: string) => {
  const source = new Source("todo-list.js", marked.replace("‸", ""));
  return guess(source, source.placeAt(marked.indexOf("‸")));
};

it("the syntax of TypeScript is recognised where Chromium stops", () => {
  for (const marked of [
    "class A {\n  render(state‸: State) {}\n}",
    "class A {\n  render(state)‸: unknown {}\n}",
    "class A {\n  render({ items }‸: State) {}\n}",
    "f(state‸?: { items: string[] })",
    "const ‸x: number = 3;",
    "class A {\n  ‸count: number = 3;\n}",
    "class A {\n  private ‸x = 1;\n}",
    "class A {\n  declare ‸x;\n}",
    "class A extends LiveElement‸<State> {}",
    "‸interface State { a: string }",
    "type ‸State = { a: string };",
    "‸enum A { B }",
    'import type ‸{ X } from "lit";',
    "const x = y ‸as string;",
    "f(s.a‸!.b)",
    "class A ‸implements B {}",
  ]) {
    expect(guessAt(marked), marked).toMatch(/^Browsers can't read TypeScript/);
  }
});

it("JSX, decorators and HTML are recognised", () => {
  for (const marked of [
    "return ‸<p>hi</p>;",
    "const f = () => ‸<><b>1</b></>;",
    "(\n  ‸<Ul/>\n)",
  ]) {
    expect(guessAt(marked), marked).toMatch(/^Browsers can't read JSX/);
  }
  expect(guessAt("class A {\n  ‸@state() x = 1;\n}")).toMatch(/decorators such as @state:/);
  expect(guessAt("\n‸<p>hello</p>")).toMatch(/^This looks like HTML.*%%live_template/);
  const text = "class A {\n  @property() x;\n}";
  expect(guess(new Source("a.js", text), undefined)).toMatch(/decorators such as @property:/);
});

it("nothing is guessed of mistakes in plain JavaScript", () => {
  for (const marked of [
    "const ‸= 5;",
    "const a = { b: 1\n  ‸c: 2 };",
    "f(1 ‸2)",
    "if (a < ‸) {}",
    "let ‸let = 1;",
    "return html`x` ‸}",
    "const ‸x;",
  ]) {
    expect(guessAt(marked), marked).toBe("");
  }
});
