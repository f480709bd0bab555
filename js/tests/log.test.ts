import { describe, expect, it } from "vitest";
import { find, textOf } from "./page";
import { showList, usePage } from "./shown";
import { until } from "./until";

usePage();

describe("the log", () => {
  it("shows what handlers print under the element, until it is cleared", async () => {
    const { el, model } = await showList();
    expect(find(el, "livestate-view").shadowRoot?.querySelector("[role=log]")).toBeNull();
    model.update({ log: [{ kind: "print", title: "", text: "milk is sour\n" }] });
    await until(() => textOf(el) === "Todos milk milk is sour");
    expect(find(el, "[role=log]")).toBeDefined();
    model.update({ log: [] });
    await until(() => textOf(el) === "Todos milk");
  });

  it("shows a failure in one line, with its traceback folded away", async () => {
    const { el, model } = await showList();
    const text = "Traceback\nValueError: sour";
    model.update({ log: [{ kind: "error", title: "add: ValueError: sour", text }] });
    await until(() => textOf(el).includes("ValueError"));
    expect(find(el, "summary").textContent).toBe("add: ValueError: sour");
    expect(find(el, "details").hasAttribute("open")).toBe(false);
    expect(find(el, "details pre").textContent).toBe(text);
  });

  it("shows a failure without a traceback in one line", async () => {
    const { el, model } = await showList();
    model.update({ log: [{ kind: "error", title: "add: no title", text: "" }] });
    await until(() => textOf(el) === "Todos milk add: no title");
  });

  it("shows prints as text, whatever is in them", async () => {
    const { el, model } = await showList();
    model.update({ log: [{ kind: "print", title: "", text: "<b>bold</b>" }] });
    await until(() => textOf(el) === "Todos milk <b>bold</b>");
  });
});

describe("a handler that waits for the running cell", () => {
  it("is told of", async () => {
    const { el, model } = await showList();
    model.update({ is_waiting: true });
    await until(() => textOf(el) === "Todos milk Waiting for the running cell…");
    model.update({ is_waiting: false });
    await until(() => textOf(el) === "Todos milk");
  });
});
