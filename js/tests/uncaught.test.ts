import { afterEach, beforeEach, expect, it, type MockInstance, vi } from "vitest";
import { find, findAll, textOf } from "./page";
import { kernel, show, usePage } from "./shown";
import { until } from "./until";

usePage();

let log: MockInstance<typeof console.error>;

beforeEach(() => {
  log = vi.spyOn(console, "error").mockImplementation(() => {});
});

afterEach(() => log.mockRestore());

/** An element whose `fail` throws. */
const SOURCE = `
import { html } from "lit";
import { LiveElement } from "livestate-nb";
export default class extends LiveElement {
  fail() { this.nope(); }
  render(state) { return html\`\${state.items.join()}\`; }
}`;

/** Calls `fail` of what is shown and tells the page what it threw, as browsers do. */
function fail(el: HTMLElement, tag: string, kind: "error" | "reason" = "error"): void {
  try {
    (find(el, tag) as HTMLElement & { fail(): void }).fail();
  } catch (error) {
    const type = kind === "error" ? "error" : "unhandledrejection";
    window.dispatchEvent(Object.assign(new Event(type), { [kind]: error }));
  }
}

it("what a listener throws is shown with its place, until it is dismissed", async () => {
  const { el } = show({ element: "fail-fast", source: SOURCE });
  await (await kernel.link()).accept({ items: ["milk"] });
  await until(() => textOf(el) === "milk");
  for (const kind of ["error", "reason"] as const) {
    fail(el, "fail-fast", kind);
    await until(() => textOf(el).includes("TypeError"));
    expect(textOf(el)).toBe(
      "milk TypeError: this.nope is not a function fail-fast.js, line 5, column 17 fail() { this.nope(); } ✕",
    );
    find(el, "button[aria-label=Dismiss]").click();
    await until(() => textOf(el) === "milk");
  }
});

it("it is shown by the element's own views alone, and not by the one in its place", async () => {
  const { el, model } = show({ element: "fail-slow", source: SOURCE });
  const other = show({ element: "fail-other", source: `${SOURCE}// another` });
  await (await kernel.link()).accept({ items: ["milk"] });
  await until(() => textOf(el) === "milk" && textOf(other.el) === "milk");
  window.dispatchEvent(Object.assign(new Event("error"), { error: new Error("the page's own") }));
  fail(el, "fail-slow");
  await until(() => textOf(el).includes("TypeError"));
  expect(textOf(other.el)).toBe("milk");
  model.update({ source: `${SOURCE}// mended` });
  await until(() => textOf(el) === "milk");
  expect(findAll(el, "[role=alert]")).toEqual([]);
});

it("an exception of render, and one of the constructor, are shown with their place", async () => {
  const source = SOURCE.replace("state.items.join()", "state.things.join()");
  const { el, model } = show({ element: "fail-render", source });
  await (await kernel.link()).accept({ items: ["milk"] });
  await until(() => textOf(el).includes("could not be rendered"));
  expect(textOf(el)).toContain("fail-render.js, line 6, column 46 render(state) { return html");
  model.update({ source: SOURCE.replace("fail() {", "constructor() { super();") });
  await until(() => textOf(el).includes("can't be shown"));
  expect(textOf(el)).toContain("fail-render.js, line 5, column 33: TypeError: this.nope is not");
});
