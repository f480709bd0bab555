import { describe, expect, it, vi } from "vitest";
import widget from "../src/widget";
import { find, findAll, textOf } from "./page";
import {
  cleanups,
  kernel,
  type Model,
  nextEndpoint,
  show,
  showList,
  todoList,
  usePage,
} from "./shown";
import { until } from "./until";

usePage();

describe("the widget", () => {
  it("shows the element with its state", async () => {
    const { el, join } = await showList();
    expect(join.payload).toEqual({ livestate: { session: "cell-1" } });
    expect(textOf(el)).toBe("Todos milk");
    expect(find(el, "todo-list").localName).toBe("todo-list");
  });

  it("replaces the element in place when its source changes, and keeps the connection", async () => {
    const { el, model, link } = await showList();
    const view = el.firstElementChild;
    model.update({ source: todoList("New") });
    await until(() => textOf(el) === "New milk");
    expect(el.firstElementChild).toBe(view);
    expect(link.count("phx_join")).toBe(1);
    expect(findAll(el, "todo-list")).toEqual([]);
    expect(find(el, "todo-list-2")).toBeDefined();
    model.update({ source: todoList("Todos") });
    await until(() => textOf(el) === "Todos milk");
    expect(find(el, "todo-list")).toBeDefined();
  });

  it("shows any element, and one with a LiveController gets the state", async () => {
    const { el } = show({
      element: "plain-clock",
      source: `
        import { LitElement } from "lit";
        import { LiveController } from "livestate-nb";
        export default class extends LitElement {
          live = new LiveController(this);
          render() { return this.live.state?.time ?? "pending"; }
        }`,
    });
    await until(() => textOf(el).startsWith("pending Connecting…"));
    await (await kernel.link()).accept({ time: "noon" });
    await until(() => textOf(el) === "noon");
  });

  it("shows why a new source can't be loaded, until the next one", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { el, model } = await showList();
    model.update({ source: "export default 1;" });
    await until(() => textOf(el).includes("not a class of elements"));
    expect(textOf(el)).toMatch(/^This element can't be shown. The default export of todo-list.js/);
    expect(find(el, "[role=alert]")).toBeDefined();
    model.update({ source: todoList("Mended") });
    await until(() => textOf(el) === "Mended milk");
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it("refuses a name that no element can have", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const { el } = show({ element: "Todos", source: todoList("Todos") });
    await until(() => textOf(el).includes("lower case letters and a hyphen"));
    log.mockRestore();
  });

  it("connects anew when the topic, the session or the endpoint changes", async () => {
    const { el, model, link } = await showList();
    model.update({ topic: "todos:you", session: "cell-2" });
    const join = await link.accept({ items: ["tea"] });
    expect([join.topic, join.payload.livestate.session]).toEqual(["todos:you", "cell-2"]);
    await until(() => textOf(el) === "Todos tea");
    model.update({ endpoint: nextEndpoint() });
    const other = await kernel.link();
    await other.accept({ items: ["salt"] });
    await until(() => textOf(el) === "Todos salt");
  });

  it("shares the state and the connection among all views of the same", async () => {
    const { el, link, join } = await showList();
    const second = show({ element: "todo-list", source: todoList("Second") });
    await until(() => textOf(second.el) === "Second milk");
    link.push(join, "state:patch", {
      patch: [{ op: "add", path: "/items/-", value: "tea" }],
      version: 1,
    });
    await until(() => textOf(el) === "Todos milk tea" && textOf(second.el) === "Second milk tea");
    expect(kernel.connections).toBe(1);
    expect(link.count("phx_join")).toBe(1);
  });

  it("keeps a view alive when the model of another, which carried it, is closed", async () => {
    const first = await showList();
    const second = show({ element: "todo-list", source: todoList("Second") });
    await until(() => textOf(second.el) === "Second milk");
    first.model.emit("comm:close");
    const link = await kernel.link();
    await link.accept({ items: ["tea"] });
    await until(() => textOf(second.el) === "Second tea");
  });

  it("works from another copy of the bundle, which anywidget evaluates for each model", async () => {
    const first = await showList();
    vi.resetModules();
    const { default: copy } = await import("../src/widget");
    expect(copy.render).not.toBe(widget.render);
    const second = show({ element: "todo-list", source: todoList("Copy") }, { bundle: copy });
    await until(() => textOf(second.el) === "Copy milk");
    expect(kernel.connections).toBe(1);
    expect(first.link.count("phx_join")).toBe(1);
    const third = show({ events: ["add"] }, { bundle: copy });
    await until(() => findAll(third.el, "form button").length === 1);
  });

  it("cleans up when a view is disposed of", async () => {
    const { el, dispose, link, model } = await showList();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const before = model.listenerCount;
    dispose();
    await Promise.resolve();
    expect(el.childNodes).toHaveLength(0);
    expect(model.listenerCount).toBe(before - 8);
    vi.advanceTimersByTime(2_000);
    vi.useRealTimers();
    await link.take("phx_leave");
    model.update({ source: todoList("Late") });
    await Promise.resolve();
    expect(textOf(el)).toBe("");
    for (const cleanup of cleanups.splice(0)) cleanup();
    expect(model.listenerCount).toBe(0);
  });

  it("leaves the rest alone when one of two views is disposed of", async () => {
    const { el, model, link } = await showList();
    const node = document.createElement("div");
    document.body.append(node);
    const dispose = widget.render({ model: model as unknown as Model, el: node });
    await until(() => textOf(node) === "Todos milk");
    dispose();
    model.update({ source: todoList("Still") });
    await until(() => textOf(el) === "Still milk");
    expect(link.count("phx_leave")).toBe(0);
  });
});
