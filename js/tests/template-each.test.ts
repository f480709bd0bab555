import { describe, expect, it } from "vitest";
import { all, get, patch, show, type, useTemplates } from "./templates";

useTemplates();

const texts = (selector = "li") => all(selector).map((one) => one.textContent?.trim());

describe(":each", () => {
  it("repeats an element for what is in a list, an object or a number", async () => {
    const content = `<li :each="(name, i) in names" :text="i + name"></li>
      <b :each="value, key in sizes" :text="key + value"></b><i :each="n of 2" :text="$ + ':' + n"></i>
      <u :each="info in invoices" :text="info"></u>`;
    await show(content, { names: ["a", "b"], sizes: { s: 1, l: 2 }, invoices: ["paid"] });
    expect(texts()).toEqual(["0a", "1b"]);
    expect(texts("b")).toEqual(["s1", "l2"]);
    expect(texts("i")).toEqual(["0:1", "1:2"]);
    expect(texts("u")).toEqual(["paid"]);
  });

  it("shows nothing for what is missing", async () => {
    const element = await show(`<li :each="name in names" :text="name"></li>`, {});
    expect(texts()).toEqual([]);
    await patch(element, { op: "add", path: "/names", value: ["a"] });
    expect(texts()).toEqual(["a"]);
    await patch(element, { op: "replace", path: "/names", value: null });
    expect(texts()).toEqual([]);
  });

  it("repeats all that is in a template", async () => {
    const content = `<template :each="p in people"><dt :text="p.name"></dt><dd :text="p.age"></dd></template>`;
    const element = await show(content, {
      people: [
        { name: "Ada", age: 1 },
        { name: "Bo", age: 2 },
      ],
    });
    await patch(element, { op: "move", from: "/people/1", path: "/people/0" });
    expect(texts("dt, dd")).toEqual(["Bo", "2", "Ada", "1"]);
    await patch(element, { op: "remove", path: "/people/0" });
    expect(texts("dt, dd")).toEqual(["Ada", "1"]);
  });

  it("keeps rows with what they show, wherever it goes", async () => {
    const state = {
      todos: [
        { id: 1, t: "a" },
        { id: 2, t: "b" },
        { id: 3, t: "c" },
      ],
    };
    const element = await show(`<li :each="todo in todos" :text="todo.t"></li>`, state);
    const [a, b, c] = all("li");
    await patch(element, { op: "add", path: "/todos/0", value: { id: 4, t: "d" } });
    expect(all("li").slice(1)).toEqual([a, b, c]);
    await patch(element, { op: "move", from: "/todos/3", path: "/todos/0" });
    expect(texts()).toEqual(["c", "d", "a", "b"]);
    expect(all("li")[0]).toBe(c);
    await patch(element, { op: "replace", path: "/todos/2/t", value: "A" });
    expect(a?.textContent).toBe("A");
    await patch(element, { op: "remove", path: "/todos/2" });
    expect(all("li")).not.toContain(a);
    expect(texts()).toEqual(["c", "d", "b"]);
  });

  it("gives no row of an item with an id to another item", async () => {
    const element = await show(`<li :each="t in todos" :text="t.id"></li>`, { todos: [{ id: 1 }] });
    const [first] = all("li");
    await patch(element, { op: "replace", path: "/todos/0", value: { id: 2 } });
    expect(texts()).toEqual(["2"]);
    expect(all("li")[0]).not.toBe(first);
  });

  it("keeps the row of a text that has changed, and shows doubles", async () => {
    const element = await show(`<li :each="t in todos" :text="t"></li>`, {
      todos: ["a", "a", "b"],
    });
    const rows = all("li");
    await patch(element, { op: "replace", path: "/todos/1", value: "c" });
    expect(texts()).toEqual(["a", "c", "b"]);
    expect(all("li")).toEqual(rows);
  });

  it("loses neither focus nor what is typed when rows come and go", async () => {
    const content = `<li :each="todo in todos"><input :name="todo.id" :value="todo.t"></li>`;
    const state = {
      todos: [
        { id: "a", t: "1" },
        { id: "b", t: "2" },
      ],
    };
    const element = await show(content, state);
    const field = get<HTMLInputElement>("[name=b]");
    field.focus();
    type(field, "typed");
    await patch(element, { op: "move", from: "/todos/1", path: "/todos/0" });
    await patch(element, { op: "add", path: "/todos/0", value: { id: "c", t: "3" } });
    await patch(element, { op: "remove", path: "/todos/2" });
    expect(all("input").map((input) => (input as HTMLInputElement).value)).toEqual(["3", "typed"]);
    expect(document.activeElement).toBe(field);
  });

  it("nests deeply, with conditions, and ends with its row", async () => {
    const content = `<ul :each="a in list"><ul :each="b in a.list" :if="b.list"><ul :each="c in b.list">
      <ul :each="d in c.list"><li :if="is_open" :each="e in d.list" :text="a.n + e + suffix"></li></ul></ul></ul></ul>`;
    const leaf = { list: [{ list: [{ list: ["x", "y"] }] }] };
    const state = {
      is_open: true,
      suffix: "!",
      list: [
        { n: 1, list: [leaf] },
        { n: 2, list: [{}, leaf] },
      ],
    };
    const element = await show(content, state);
    expect(texts()).toEqual(["1x!", "1y!", "2x!", "2y!"]);
    await patch(element, { op: "replace", path: "/is_open", value: false });
    expect(texts()).toEqual([]);
    await patch(element, { op: "replace", path: "/is_open", value: true });
    expect(texts()).toEqual(["1x!", "1y!", "2x!", "2y!"]);
    await patch(
      element,
      { op: "remove", path: "/list/0" },
      { op: "replace", path: "/suffix", value: "?" },
    );
    expect(texts()).toEqual(["2x?", "2y?"]);
  });

  it("evaluates only the rows that have changed, and none that are gone", async () => {
    const seen: string[] = [];
    Object.assign(globalThis, { see: (text: string) => seen.push(text) && text });
    const content = `<li :each="todo in todos"><b :if="todo" :text="see(todo.t + suffix)"></b></li>
      <p :each="todo in todos" :title="see(todo.t + suffix)"></p>`;
    const state = {
      suffix: "",
      todos: [
        { id: 1, t: "a" },
        { id: 2, t: "b" },
      ],
    };
    const element = await show(content, state);
    await patch(element, { op: "replace", path: "/todos/1/t", value: "c" });
    expect(seen.splice(0).sort()).toEqual(["a", "a", "b", "b", "c", "c"]);
    await patch(element, { op: "remove", path: "/todos/0" });
    await patch(element, { op: "replace", path: "/suffix", value: "!" });
    expect(seen).toEqual(["c!", "c!"]);
  });
});
