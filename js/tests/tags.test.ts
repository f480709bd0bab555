import { expect, it } from "vitest";
import { defineElement, TagError } from "../src/tags";

const make = () => class extends HTMLElement {};

it("the first class of a name gets it as its tag, the next ones a number", () => {
  const classes = [make(), make(), make()];
  for (const element of classes) defineElement("tag-test", element);
  expect(classes.map((element) => new element().localName)).toEqual([
    "tag-test",
    "tag-test-2",
    "tag-test-3",
  ]);
});

it("a class that was defined before keeps its tag", () => {
  const element = make();
  customElements.define("tag-kept", element);
  defineElement("tag-other", element);
  expect(new element().localName).toBe("tag-kept");
});

it("a name that no element can have is refused", () => {
  expect(() => defineElement("TodoList", make())).toThrow(TagError);
  expect(() => defineElement("todo", make())).toThrow(/lower case letters and a hyphen/);
});
