import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Widgets } from "../../src/lab/early";
import { stubBlobUrls } from "../modules";
import { configure, findAll, textOf } from "../page";
import { type Link, ScriptedServer } from "../server";
import { todoList } from "../shown";
import { until } from "../until";
import { FakeKernel } from "./jupyterlab";

/** What the server serves, as far as it can be imported here. */
const SERVED = pathToFileURL(`${resolve(import.meta.dirname, "served")}/`).href;

let number = 0;
let server: ScriptedServer;
let kernel: FakeKernel;
let el: HTMLElement;
let asked: Request[];
let answer: (status: number, body: unknown) => void;
let ends: (() => void)[];

beforeEach(async () => {
  stubBlobUrls();
  server = await ScriptedServer.start();
  configure({ baseUrl: SERVED, wsUrl: server.url.replace("/livestate", "/") });
  number += 1;
  kernel = new FakeKernel(`k-${number}`);
  el = document.createElement("div");
  document.body.append(el);
  asked = [];
  ends = [];
  const answered = new Promise<Response>((resolve) => {
    answer = (status, body) => resolve(new Response(JSON.stringify(body), { status }));
  });
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(request);
    return answered;
  });
});

afterEach(async () => {
  for (const end of ends) end();
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.unstubAllGlobals();
  await server.stop();
});

/** What a kernel shows: one todo list. */
const shown = () => ({
  file: "widget.ts",
  models: {
    "m-1": {
      endpoint: `endpoint-${number}`,
      kernel: kernel.id,
      topic: "todos:me",
      session: "cell-1",
      element: "early-list",
      source: todoList("Todos"),
      events: ["add"],
      is_waiting: false,
      log: [],
    },
  },
});

function show(widgets: Widgets, id: string, node = el): () => void {
  const end = widgets.show(id, node);
  ends.push(end);
  return end;
}

/** Shows the todo list, with its state. */
async function showList(): Promise<{ end: () => void; link: Link; widgets: Widgets }> {
  const widgets = new Widgets(kernel);
  const end = show(widgets, "m-1");
  answer(200, shown());
  const link = await server.link();
  await link.accept({ items: ["milk"] });
  await until(() => textOf(el) === "Todos milk");
  return { end, link, widgets };
}

const listening = () => kernel.iopubMessage.slots.size + kernel.statusChanged.slots.size;

describe("the widgets of a kernel", () => {
  it("are shown as the server tells, over the kernel's WebSocket", async () => {
    const { end, link } = await showList();
    expect(asked.map(({ url }) => url)).toEqual([
      `${SERVED}livestate/kernels/${kernel.id}/widgets`,
    ]);
    expect(findAll(el, "early-list")).toHaveLength(1);
    end();
    expect(el.childNodes).toHaveLength(0);
    await link.take("phx_leave");
  });

  it("are asked for with the page's own token, as JupyterHub's servers take no cookie without", async () => {
    configure({ baseUrl: "/user/a@b%20c/" });
    const cookie = vi.spyOn(document, "cookie", "get").mockReturnValue("a=1; _xsrf=own; b=2");
    new Widgets(kernel);
    configure({ baseUrl: "https://elsewhere.example/user/a@b%20c/" });
    new Widgets(kernel);
    configure({ baseUrl: "/user/a@b%20c/" });
    cookie.mockReturnValue("a=1; not_xsrf=2");
    new Widgets(kernel);
    cookie.mockRestore();
    const path = `/user/a@b%20c/livestate/kernels/${kernel.id}/widgets`;
    expect(asked.map(({ url }) => new URL(url).pathname)).toEqual([path, path, path]);
    const tokens = asked.map(({ headers }) => headers.get("X-XSRFToken"));
    expect(tokens).toEqual(["own", null, null]);
  });

  it("are asked for once", async () => {
    const { widgets } = await showList();
    const second = document.createElement("div");
    document.body.append(second);
    show(widgets, "m-1", second);
    await until(() => textOf(second) === "Todos milk");
    expect(asked).toHaveLength(1);
    expect(server.server.clients.size).toBe(1);
  });

  it("follow what the kernel tells all pages, also while they are asked for", async () => {
    const widgets = new Widgets(kernel);
    kernel.update("m-1", { source: todoList("New") });
    kernel.update("another's", { source: todoList("Not") });
    show(widgets, "m-1");
    answer(200, shown());
    await (await server.link()).accept({ items: ["milk"] });
    await until(() => textOf(el) === "New milk");
    kernel.update("m-1", { log: [{ kind: "print", title: "add", text: "hello" }] });
    await until(() => textOf(el).includes("hello"));
    kernel.iopubMessage.emit({ header: { msg_type: "stream" }, content: {} });
    kernel.update("m-1", { source: todoList("Newer"), log: [] });
    await until(() => textOf(el) === "Newer milk");
  });

  it("say that the kernel has gone when it is restarted", async () => {
    const { link, widgets } = await showList();
    kernel.statusChanged.emit("busy");
    kernel.statusChanged.emit("restarting");
    link.close();
    await until(() => textOf(el) === "Todos milk The kernel has gone: run the cell again.");
    expect(listening()).toBe(0);
    const second = document.createElement("div");
    show(widgets, "m-1", second);
    await Promise.resolve();
    expect(second.childNodes).toHaveLength(0);
  });

  it("say so when the kernel ends one of them", async () => {
    const { link } = await showList();
    kernel.close("m-1");
    link.close();
    await until(() => textOf(el) === "Todos milk The kernel has gone: run the cell again.");
  });

  it("that it has no more are not shown", async () => {
    const widgets = new Widgets(kernel);
    const gone = document.createElement("div");
    show(widgets, "m-0", gone);
    show(widgets, "m-1");
    answer(200, shown());
    await (await server.link()).accept({ items: [] });
    await until(() => textOf(el) === "Todos");
    expect(gone.childNodes).toHaveLength(0);
  });

  it("that are not wanted any more are not shown", async () => {
    const widgets = new Widgets(kernel);
    const second = document.createElement("div");
    show(widgets, "m-1", second)();
    show(widgets, "m-1");
    answer(200, shown());
    await (await server.link()).accept({ items: [] });
    await until(() => textOf(el) === "Todos");
    expect(second.childNodes).toHaveLength(0);
  });

  it("may be none", async () => {
    show(new Widgets(kernel), "m-1");
    expect(listening()).toBe(2);
    answer(200, { file: "", models: {} });
    await until(() => listening() === 0);
    expect(el.childNodes).toHaveLength(0);
  });

  it.each([
    [404, null],
    [504, null],
    [200, { ...shownFile("of-another-build.js") }],
  ])("wait for JupyterLab where the server cannot show them: %i", async (status, body) => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    show(new Widgets(kernel), "m-1");
    answer(status, body);
    await until(() => listening() === 0);
    expect(info).toHaveBeenCalledOnce();
    expect(el.childNodes).toHaveLength(0);
    info.mockRestore();
  });

  it("wait for JupyterLab in a page that names no server", async () => {
    document.head.replaceChildren();
    show(new Widgets(kernel), "m-1");
    await until(() => listening() === 0);
    expect(asked).toEqual([]);
  });
});

function shownFile(file: string) {
  return { file, models: { "m-1": {} } };
}
