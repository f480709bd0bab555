import * as react from "react";
import * as dom from "react-dom/client";
import { expect, it } from "vitest";
import * as domNames from "../src/react-dom-package";
import * as names from "../src/react-package";

it.each([
  [react, names],
  [dom, domNames],
])("has all that the package has for pages", (original: object, ours: object) => {
  // What is for tests and for compilers only is left out.
  const internal = /^(_|unstable_|default$|module\.exports$|act$|captureOwnerStack$|version$)/;
  const listed = (one: object) =>
    Object.keys(one)
      .filter((name) => !internal.test(name))
      .sort();
  expect(listed(ours)).toEqual(listed(original));
});
