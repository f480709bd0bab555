import { describe, expect, it } from "vitest";
import { layout } from "../../src/ui";
import { useServer } from "../client";
import { find, findAll, textOf } from "../page";
import { showLayout, useElements } from "./shown";

useServer();
useElements();

describe("a layout", () => {
  it("shows rows and columns of elements, groups by their label", async () => {
    const plan = {
      kind: "column",
      label: "A painting",
      children: [
        { kind: "text", path: ["title"] },
        { kind: "row", children: [{ kind: "number", path: ["n"] }] },
      ],
    };
    const { element, replace } = await showLayout(plan, { title: "Irises", n: 3 });
    expect(textOf(find(element, "livestate-text"))).toBe("Irises");
    expect(textOf(find(element, "livestate-row > livestate-number"))).toBe("3");
    const group = find(element, "[role=group]");
    expect(group.getAttribute("aria-labelledby")).toBe("label");
    expect(textOf(find(element, "#label"))).toBe("A painting");
    expect(findAll(element, "[role=group]")).toHaveLength(1);
    const text = find(element, "livestate-text");
    await replace("/title", "Vase");
    expect(find(element, "livestate-text")).toBe(text);
    expect(textOf(text)).toBe("Vase");
  });

  it("is refused if it names what there is not", () => {
    expect(() => layout({ kind: "txt" })).toThrow('There is no element "txt", only button, ');
    expect(() => layout({ kind: "constructor" })).toThrow('There is no element "constructor"');
    expect(() => layout({ kind: "text", innerHTML: "<b>" })).toThrow(
      'The element "text" has no "innerHTML", only url, topic, params, share, socketOptions, liveState, path, label',
    );
    const inner = { kind: "row", children: [{ kind: "text", oops: 1 }] };
    expect(() => layout(inner)).toThrow('has no "oops"');
  });
});
