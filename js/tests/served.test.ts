import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveElement } from "../src/element";
import { define } from "../src/served";
import { stubBlobUrls } from "./modules";
import { find, textOf } from "./page";

const source = (title: string) => `
  import { html } from "lit";
  import { LiveElement } from "livestate-nb";
  export default class extends LiveElement {
    renderPending() { return html\`${title}\`; }
  }`;

beforeAll(stubBlobUrls);

beforeEach(() => document.body.replaceChildren());

/** Returns what a page shows of an element. */
async function shown(tag: string): Promise<string> {
  const element = document.createElement(tag);
  document.body.append(element);
  await (element as LiveElement).updateComplete;
  return textOf(document.body);
}

describe("an element of a page", () => {
  it("is defined under its name, once for the same source", async () => {
    const element = await define("served-list", source("The list"));
    expect(await define("served-list", source("The list"))).toBe(element);
    expect(element.prototype).toBeInstanceOf(LiveElement);
    expect(customElements.get("served-list")).toBe(element);
    expect(await shown("served-list")).toBe("The list");
  });

  it("that can't be loaded shows why, in its place and in the console", async () => {
    const loading = define("served-fault", `import React from "reakt";`);
    const message = /served-fault.js, line 1, column 20: can't import "reakt"/;
    await expect(loading).rejects.toThrow(message);
    expect(await shown("served-fault")).toMatch(message);
    expect(find(document.body, "[role=alert]")).toBeDefined();
  });

  it("whose name is taken is told so", async () => {
    customElements.define("served-taken", class extends HTMLElement {});
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await define("served-taken", source("Late"));
    expect(warn.mock.calls).toEqual([
      ["livestate-nb: this page has another <served-taken> already. This one is <served-taken-2>."],
    ]);
    warn.mockRestore();
  });

  it("needs a name that an element can have", async () => {
    await expect(define("served", source("x"))).rejects.toThrow("needs lower case letters");
  });
});
