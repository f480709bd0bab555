import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Traits } from "../src/display";
import widget from "../src/widget";
import { FakeKernel, FakeModel } from "./model";
import { stubBlobUrls } from "./modules";
import { find, findAll, raise, submit, textOf } from "./page";
import type { Link } from "./server";
import { until } from "./until";

type Model = Parameters<typeof widget.render>[0]["model"];

/** A list in capitals or not, whose source differs accordingly. */
const todoList = (title: string) => `
  import { html } from "lit";
  import { LiveElement } from "livestate-nb";
  export default class TodoList extends LiveElement {
    render(state) {
      return html\`<h1>${title}</h1> \${state.items.join(" ")}
        <form @submit=\${this.live.submit("add")}><input name="title"></form>\`;
    }
  }`;

let kernel: FakeKernel;
let cleanups: (() => void)[];
let endpoint = 0;

beforeAll(stubBlobUrls);

beforeEach(() => {
  kernel = new FakeKernel();
  cleanups = [];
  endpoint += 1;
});

afterEach(() => {
  for (const cleanup of cleanups.reverse()) cleanup();
  document.body.replaceChildren();
});

/** Shows a model as Jupyter does. */
function show(traits: Partial<Traits>, model = new FakeModel()) {
  const all = { endpoint: `kernel-${endpoint}`, topic: "todos:me", session: "cell-1" };
  model.update({ ...all, ...traits });
  kernel.serve(model);
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(widget.initialize({ model: model as unknown as Model }));
  const dispose = widget.render({ model: model as unknown as Model, el });
  cleanups.push(dispose);
  return { model, el, dispose };
}

async function showList(title = "Todos") {
  const shown = show({ element: "todo-list", source: todoList(title) });
  const link = await kernel.link();
  const join = await link.accept({ items: ["milk"] });
  await until(() => textOf(shown.el).includes("milk"));
  return { ...shown, link, join };
}

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

  it("keeps the old element while the new one does not load", async () => {
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
    endpoint += 1;
    model.update({ endpoint: `kernel-${endpoint}` });
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

  it("cleans up when a view is disposed of", async () => {
    const { el, dispose, link, model } = await showList();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const before = model.listenerCount;
    dispose();
    await Promise.resolve();
    expect(el.childNodes).toHaveLength(0);
    expect(model.listenerCount).toBe(before - 6);
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

describe("the view", () => {
  it("tells that it connects, before the first state", async () => {
    const { el } = show({ element: "todo-list", source: todoList("Todos") });
    await until(() => textOf(el).startsWith("Connecting…"));
    await (await kernel.link()).accept({ items: [] });
    await until(() => textOf(el) === "Todos");
  });

  it("shows a refused join in the element's place", async () => {
    const { el } = show({});
    const link = await kernel.link();
    link.reply(await link.take("phx_join"), { reason: "unmatched topic" }, "error");
    await until(
      () => textOf(el) === "Not connected: No channel is declared for the topic 'todos:me'",
    );
  });

  it("shows the error of a handler until an event succeeds", async () => {
    const { el, link } = await showList();
    submit(find(el, "form"));
    await raise(link, "add", "no title");
    await until(() => textOf(el).includes("no title"));
    expect(textOf(el)).toBe("Todos milk add: ValueError no title ✕");
    expect(find(el, "[role=alert]")).toBeDefined();
    submit(find(el, "form"));
    link.reply(await link.take("lvs_evt:add"));
    await until(() => textOf(el) === "Todos milk");
  });

  it("dismisses an error, and shows the next one", async () => {
    const { el, link } = await showList();
    submit(find(el, "form"));
    await raise(link, "add", "no title");
    await until(() => textOf(el).includes("no title"));
    find(el, "button[aria-label=Dismiss]").click();
    await until(() => textOf(el) === "Todos milk");
    submit(find(el, "form"));
    await raise(link, "add", "still no title");
    await until(() => textOf(el).includes("still no title"));
  });

  it("keeps the last state while the connection is lost", async () => {
    const { el, link } = await showList();
    link.close();
    await until(() => textOf(el) === "Todos milk Connection lost. Reconnecting…");
    expect(find(el, ".content").classList).toContain("stale");
    await (await kernel.link()).accept({ items: ["back"] });
    await until(() => textOf(el) === "Todos back");
    expect(find(el, ".content").classList).not.toContain("stale");
  });

  it("tells why a channel crashed, and that it starts again", async () => {
    const { el, link, join } = await showList();
    link.crash(join, { reason: "out of memory" });
    await until(() => textOf(el).includes("Starting again…"));
    expect(textOf(el)).toBe("Todos milk Starting again… channel error out of memory ✕");
  });

  it("tells that the kernel has gone, with the last state", async () => {
    const { el, model } = await showList();
    model.isAlive = false;
    model.emit("comm_live_update");
    await until(() => textOf(el) === "Todos milk The kernel has gone: run the cell again.");
  });
});

describe("the stock element", () => {
  async function showStock(state: unknown, events: string[] = []) {
    const { el, model } = show({ events });
    const link: Link = await kernel.link();
    const join = await link.accept(state, { version: 3 });
    await until(() => textOf(el).includes("version 3"));
    return { el, model, link, join };
  }

  it("shows the state as a tree, with its types", async () => {
    const { el } = await showStock({
      name: "run",
      n: 1,
      ok: true,
      none: null,
      list: [],
      at: { x: 1 },
    });
    expect(textOf(el)).toBe(
      'State version 3 object, 6 keys name : "run" string n : 1 number ok : true boolean ' +
        "none : null null list : [] list at : object, 1 key x : 1 number",
    );
  });

  it("opens and closes parts, and keeps them so when the state changes", async () => {
    const { el, link, join } = await showStock({ a: { b: { c: { d: 1 } } } });
    expect(textOf(el)).not.toContain("d : 1");
    const inner = findAll(el, "details").at(-1) as HTMLDetailsElement;
    inner.open = true;
    inner.dispatchEvent(new Event("toggle"));
    await until(() => textOf(el).includes("d : 1") || findAll(el, "details").length > 3);
    link.push(join, "state:patch", { patch: [{ op: "add", path: "/e", value: 2 }], version: 4 });
    await until(() => textOf(el).includes("e : 2"));
    expect(findAll(el, "details").length).toBeGreaterThan(3);
  });

  it("cuts long lists", async () => {
    const { el } = await showStock(Array.from({ length: 120 }, (_, n) => n));
    expect(findAll(el, "li")).toHaveLength(50);
    find(el, ".tree button").click();
    await until(() => findAll(el, "li").length === 100);
    expect(textOf(find(el, ".tree button"))).toBe("show 20 more of 20");
  });

  it("cuts long texts", async () => {
    const { el } = await showStock("x".repeat(600));
    expect(textOf(el)).toContain("xxx… (600 characters) string");
  });

  it("dispatches events with a payload of JSON", async () => {
    const { el, link } = await showStock({}, ["add", "clear"]);
    expect(findAll(el, "form button").map(textOf)).toEqual(["add", "clear"]);
    const [add, clear] = findAll(el, "form") as [HTMLElement, HTMLElement];
    find<HTMLInputElement>(add, "input").value = '{"title": "milk"}';
    submit(add);
    expect((await link.take("lvs_evt:add")).payload).toEqual({ title: "milk" });
    submit(clear);
    expect((await link.take("lvs_evt:clear")).payload).toEqual({});
  });

  it("shows what is wrong with a payload, and sends nothing", async () => {
    const { el, link } = await showStock({}, ["add"]);
    find<HTMLInputElement>(el, "input").value = "{title";
    submit(find(el, "form"));
    await until(() => textOf(el).includes("This is not JSON"));
    expect(find(el, "input").getAttribute("aria-invalid")).toBe("true");
    find<HTMLInputElement>(el, "input").value = "1";
    submit(find(el, "form"));
    expect((await link.take("lvs_evt:add")).payload).toBe(1);
    await until(() => !textOf(el).includes("This is not JSON"));
    expect(link.count("lvs_evt:add")).toBe(1);
  });

  it("follows the events that the channel accepts", async () => {
    const { el, model } = await showStock({}, ["add"]);
    model.update({ events: ["add", "remove"] });
    await until(() => findAll(el, "form button").length === 2);
  });
});
