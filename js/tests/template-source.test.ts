import { describe, expect, it } from "vitest";
import { markPlaces, placeOf, unmark } from "../src/template-source";

/** Returns the directives of a template as a browser reads its marked source, with their places. */
function read(html: string): string[] {
  const template = document.createElement("template");
  template.innerHTML = markPlaces(html);
  const found: string[] = [];
  const walk = (node: ParentNode) => {
    for (const element of node.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (!name.startsWith(":")) continue;
        const { line, column } = placeOf(value) ?? {};
        found.push(`${line}:${column} ${name}=${unmark(value)}`);
      }
      if (element instanceof HTMLTemplateElement) walk(element.content);
    }
  };
  walk(template.content);
  return found;
}

describe("the place of an expression", () => {
  it("is that of its attribute's value, however it is written", () => {
    const html = `<p :text="a.b" class="x"\n   :title='a.b'\n :hidden = c>\n<b\n:text\n=\n"a.b"/></p>`;
    expect(read(html)).toEqual([
      "1:11 :text=a.b",
      "2:12 :title=a.b",
      "3:12 :hidden=c",
      "7:2 :text=a.b",
    ]);
  });

  it("is found among attributes that hold tags, and in elements of any case", () => {
    const html = `<a title="<b :text='no'>" href=x:y/ data-q='"' :text="1 > 0">x</a><Li :each="i in 3"><br/>`;
    expect(read(html)).toEqual(["1:55 :text=1 > 0", "1:78 :each=i in 3"]);
  });

  it("is not looked for in comments and texts", () => {
    const html = `<!-- <p :text="no"> --><style>p::after { content: '<b :text="no">' }</style>
<script>const a = '<p :text="no">';</script><textarea :value="t">&lt;p :text="no"></textarea>
a < b :text="no" <p :text="yes"></p>`;
    expect(read(html)).toEqual(["2:63 :value=t", "3:28 :text=yes"]);
    expect(markPlaces(html).match(/no/g)).toHaveLength(5);
    expect(unmark(markPlaces(html))).toBe(html);
  });

  it("goes with copies, into templates too, and not into what is empty", () => {
    const html = `<template :each="a in b">\n<i :text="a" :else :if=""></i></template>`;
    expect(read(html)).toEqual([
      "1:18 :each=a in b",
      "2:11 :text=a",
      "undefined:undefined :else=",
      "undefined:undefined :if=",
    ]);
  });

  it.each([
    "<p :text='a",
    "<p :text=",
    "<p",
    "<!-- <p :text='a'>",
    "<style><p :text='a'>",
    "< p :a='b'>",
    "",
  ])("is left out where HTML breaks off: %j", (html) => {
    expect(unmark(markPlaces(html))).toBe(html);
  });
});
