import { html, LitElement } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { LiveElement } from "../src/element";
import { LIBRARY } from "../src/library";
import { ModuleError } from "../src/mistake";
import { Libraries, loadElementClass } from "../src/module";
import { stubBlobUrls, urls } from "./modules";

const KEY = Symbol.for("livestate-nb test");
let libraries: Libraries;

beforeAll(stubBlobUrls);

beforeEach(() => {
  libraries = new Libraries(LIBRARY, KEY);
  Object.assign(globalThis, { [KEY]: { libraries } });
});

const load = (source: string) => loadElementClass("todo-list.js", source, libraries);

const failure = (source: string) =>
  load(source).then(
    () => "",
    (error: unknown) => {
      expect(error).toBeInstanceOf(ModuleError);
      return (error as ModuleError).message;
    },
  );

describe("a module", () => {
  it("gets the page's one lit and livestate-nb", async () => {
    const element = await load(`
      import { html } from "lit";
      import { LiveElement } from "livestate-nb";
      export default class TodoList extends LiveElement { static html = html; }`);
    expect(element.prototype).toBeInstanceOf(LiveElement);
    expect(element.prototype).toBeInstanceOf(LitElement);
    expect((element as unknown as { html: unknown }).html).toBe(html);
  });

  it("may import each library, in all ways", async () => {
    const names = libraries.names.map((name, index) => `import * as m${index} from '${name}';`);
    const element = await load(`${names.join("\n")}
      import { repeat as many } from "lit/directives/repeat.js"
      export { html } from "lit";
      export * from "lit/directives/when.js";
      const lit = await import("lit");
      const lazy = () => import(/* later */ 'livestate-nb');
      export default class extends lit.LitElement {
        static many = many; static lazy = lazy; static url = import.meta.url;
      }`);
    const { many, lazy } = element as unknown as { many: unknown; lazy: () => Promise<object> };
    expect(many).toBe(repeat);
    expect(await lazy()).toHaveProperty("LiveElement", LiveElement);
  });

  it("may import a library's default export", async () => {
    const react = { default: { version: "19" }, "module.exports": {}, useState: () => {} };
    libraries = new Libraries({ react: async () => react }, KEY);
    Object.assign(globalThis, { [KEY]: { libraries } });
    const element = await load(`
      import React, { useState } from "react";
      export default class extends HTMLElement { static found = [React.version, useState]; }`);
    expect((element as unknown as { found: unknown }).found).toEqual(["19", react.useState]);
  });

  it("whose library can't be loaded is told so, and can be loaded later", async () => {
    let isThere = false;
    const load = async () => {
      if (!isThere) throw new TypeError("Failed to fetch dynamically imported module");
      return { late: 1 };
    };
    libraries = new Libraries({ late: load }, KEY);
    Object.assign(globalThis, { [KEY]: { libraries } });
    const source = `import { late } from "late"; export default class extends HTMLElement {}`;
    expect(await failure(source)).toBe(
      `"late" could not be loaded: reload the page. Failed to fetch dynamically imported module`,
    );
    isThere = true;
    expect(await failure(source)).toBe("");
  });

  it("that throws is shown the place, also beside an import", async () => {
    expect(await failure(`import { html } from "lit";\n\n  nope();`)).toBe(
      "todo-list.js, line 3, column 3: ReferenceError: nope is not defined\nnope();",
    );
    expect(await failure(`import { html } from "lit"; nope();`)).toBe(
      `todo-list.js, line 1, column 29: ReferenceError: nope is not defined\nimport { html } from "lit"; nope();`,
    );
  });

  it("that throws what is no error is told it", async () => {
    expect(await failure(`throw "boo";`)).toBe("todo-list.js failed while it was loaded. boo");
  });

  it("may import from URLs", async () => {
    const element = await load(`
      import base from "data:text/javascript,export default class extends HTMLElement {}";
      export default class extends base {}`);
    expect(element.prototype).toBeInstanceOf(HTMLElement);
  });

  it("leaves no address behind but those of the libraries", async () => {
    await load(
      `import { LiveElement } from "livestate-nb"; export default class extends LiveElement {}`,
    );
    await failure(`import { LiveElement } from "livestate-nb"; nope();`);
    const left = [...urls].map((url) => decodeURIComponent(url));
    expect(left.filter((text) => !text.includes(".libraries.get("))).toEqual([]);
  });

  it("that imports an unknown name is told what there is", async () => {
    expect(await failure(`import { html } from "lit";\nimport Vue from "vue";`)).toBe(
      `todo-list.js, line 2, column 18: can't import "vue". An element can import from https:// URLs and ${Object.keys(LIBRARY).join(", ")}\nimport Vue from "vue";`,
    );
    expect(await failure(`await import("toString")`)).toContain(`can't import "toString"`);
  });

  it("that imports from a folder is told that it lies in none", async () => {
    for (const path of ["./item.js", "../item.js", "/item.js"]) {
      expect(await failure(`import item from "${path}";`)).toMatch(
        `can't import "${path}": the source of an element lies in no folder`,
      );
    }
  });

  it("that imports from an address where nothing is, is told which", async () => {
    const [good, bad] = ["data:text/javascript,export{}", "file:///no/such.js"];
    vi.stubGlobal("TypeError", Error); // node's for a file that is not there
    expect(await failure(`import "${good}";\nimport x from "${bad}";`)).toBe(
      `todo-list.js, line 2, column 16: can't import "${bad}": nothing is there, or this page may not load it\nimport x from "${bad}";`,
    );
    vi.unstubAllGlobals();
    stubBlobUrls();
  });

  it("that ends too early is told that something is not closed", async () => {
    for (const source of ["export default class {\n  render() { return `x; }", "f(() => {\n"]) {
      expect(await failure(source)).toMatch(
        /^todo-list.js: syntax error: .*\. Something before this is not closed/,
      );
    }
  });

  it("with another syntax error gets the browser's message", async () => {
    expect(await failure("export default class { render() { const = 5; } }")).toMatch(
      /^todo-list.js: syntax error: Unexpected/,
    );
  });

  it("with a decorator is told of static properties", async () => {
    expect(
      await failure(`import { LiveElement } from "livestate-nb";
        @customElement("todo-list")
        export default class extends LiveElement {}`),
    ).toMatch(/Browsers can't read decorators such as @customElement: write "static properties = /);
  });

  it("needs a default export", async () => {
    expect(await failure("export const a = 1;")).toMatch(
      /^todo-list.js: no default export: write "export default class extends LiveElement/,
    );
    expect(await failure("\nexport class A extends HTMLElement {}")).toMatch(
      /^todo-list.js, line 2, column 1: no default export: .*\nexport class A extends HTMLElement/,
    );
  });

  it("needs a class of elements as its default export", async () => {
    for (const value of ["1", "null", "class {}", "() => {}"]) {
      expect(await failure(`export default ${value};`)).toMatch(/is not a class of elements/);
    }
  });

  it("that defines its element itself a second time is told to leave that out", async () => {
    const source = `export default class extends HTMLElement {}
      throw new DOMException("already used", "NotSupportedError");`;
    expect(await failure(source)).toContain("Leave customElements.define out");
  });
});
