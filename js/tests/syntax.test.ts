import { expect, it } from "vitest";
import { locate } from "../src/syntax";

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
