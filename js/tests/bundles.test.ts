/** What `npm run build` made: the modules that pages load, and how large they are. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { sizes } from "../sizes.mjs";
import { LIBRARY } from "../src/library";

const STATIC = resolve(import.meta.dirname, "../../livestate_nb/static");

/** The limits are a tenth above what was measured: who adds that much is to have a reason. */
it("the widget and its loader stay small", () => {
  const found = sizes(STATIC);
  console.log(found);
  expect(found.loader).toBeLessThan(2_000);
  expect(found.card).toBeLessThan(10_500);
  expect(found["widget, first load"]).toBeLessThan(50_000);
  expect(found["livestate.js"]).toBeLessThan(30_000);
  expect(found["livestate-nb/ui.js"]).toBeLessThan(42_500); // without what draws tables and charts
  expect(found["served.js"]).toBeLessThan(42_500);
});

it("each library that elements may import has a module for pages", () => {
  const names = Object.keys(LIBRARY).filter((name) => name !== "livestate-nb");
  const files = names.map((name) => `${name.replace(/\.js$/, "")}.js`);
  for (const file of [...files, "livestate.js"]) {
    expect(existsSync(`${STATIC}/page/${file}`), file).toBe(true);
  }
});
