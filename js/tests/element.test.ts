import { css, html, LitElement, nothing, type ReactiveElement } from "lit";
import { Socket } from "phoenix";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { Carrier } from "../src/comm";
import { LiveController } from "../src/controller";
import { LiveElement } from "../src/element";
import type { Json } from "../src/json";
import { Line, lineTransport } from "../src/line";
import { LiveState } from "../src/live-state";
import { FakeKernel, FakeModel } from "./model";
import { type Frame, type Link, ScriptedServer } from "./server";
import { until } from "./until";

interface Todos {
  items: string[];
}

class TodoList extends LiveElement<Todos> {
  static override styles = css`
    button {
      color: red;
    }
  `;
  static override properties = { heading: {} };
  declare heading: string;

  override render(state: Todos) {
    return html`<h1>${this.heading}</h1>
      <ul>
        ${state.items.map((item) => html`<li>${item.toUpperCase()}</li>`)}
      </ul>
      <form @submit=${this.live.submit("add_todo")}>
        <input name="title" /><button>Add</button>
      </form>
      <form class="kept" @submit=${this.live.submit("find", { reset: false })}>
        <input name="text" /><input name="file" type="file" />
      </form>`;
  }
  override renderPending() {
    return "pending";
  }
}
customElements.define("todo-list", TodoList);
customElements.define("bare-list", class extends LiveElement {});

let kernel: FakeKernel;
let live: LiveState<Json>;
let link: Link;
let join: Frame;

beforeEach(async () => {
  kernel = new FakeKernel();
  const carrier = new Carrier();
  carrier.add(kernel.serve(new FakeModel()));
  const socket = new Socket("comm", {
    transport: lineTransport(new Line(carrier)),
    timeout: 2 ** 31 - 1,
  });
  live = new LiveState({ socket, topic: "todos:me" });
});

afterEach(() => {
  document.body.replaceChildren();
  live.disconnect();
});

function mount<T extends ReactiveElement>(tag: string): T {
  const element = document.createElement(tag) as T;
  Object.assign(element, { liveState: live });
  document.body.append(element);
  return element;
}

async function mountLive(state: Json = { items: ["milk"] }): Promise<TodoList> {
  const element = mount<TodoList>("todo-list");
  link = await kernel.link();
  join = await link.accept(state);
  await until(() => live.status === "live");
  await element.updateComplete;
  return element;
}

const text = (element: ReactiveElement) =>
  (element.renderRoot as ShadowRoot).textContent?.replace(/\s+/g, " ").trim();

const field = (element: ReactiveElement, selector: string) =>
  element.renderRoot.querySelector(selector) as HTMLInputElement;

function submit(element: ReactiveElement, selector = "form"): Event {
  const event = new Event("submit", { cancelable: true, bubbles: true });
  element.renderRoot.querySelector(selector)?.dispatchEvent(event);
  return event;
}

describe("a LiveElement", () => {
  it("renders pending, and then each state", async () => {
    const element = mount<TodoList>("todo-list");
    await element.updateComplete;
    expect(text(element)).toBe("pending");
    expect(element.live.status).toBe("connecting");
    link = await kernel.link();
    join = await link.accept({ items: ["milk"] });
    await until(() => text(element)?.startsWith("MILK"));
    link.push(join, "state:patch", {
      patch: [{ op: "add", path: "/items/-", value: "tea" }],
      version: 1,
    });
    await until(() => text(element)?.startsWith("MILKTEA"));
    expect(element.live.version).toBe(1);
    expect(element.live.state).toBe(live.state);
    expect(element).toBeInstanceOf(LitElement);
  });

  it("renders again for its own properties", async () => {
    const element = await mountLive();
    element.heading = "Mine";
    await element.updateComplete;
    expect(text(element)).toMatch(/^Mine MILK/);
  });

  it("shows nothing while it is pending, if it does not say what", async () => {
    const element = mount("bare-list");
    await element.updateComplete;
    expect(text(element)).toBe("");
  });

  it("shows why it was refused", async () => {
    const element = mount("bare-list");
    link = await kernel.link();
    link.reply(await link.take("phx_join"), { reason: "Members only" }, "error");
    await until(() => text(element) === "Not connected: Members only");
  });

  it("has the theme in front of its own styles", () => {
    const [theme, problem, own] = TodoList.elementStyles.map((style) => `${style}`);
    expect(theme).toContain("--jp-content-font-color1");
    expect(problem).toContain("livestate-problem");
    expect(own).toContain("color: red");
  });

  it("shows an exception of render in its place, until a state renders well", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await mountLive({ items: [1] });
    expect(text(element)).toMatch(
      /^<todo-list> could not be rendered. TypeError: item.toUpperCase is not a function .*element.test.ts/,
    );
    expect(element.renderRoot.querySelector("[role=alert]")).not.toBeNull();
    link.push(join, "state:change", { state: { items: ["good"] }, version: 1 });
    await until(() => text(element)?.startsWith("GOOD"));
    link.push(join, "state:change", { state: {}, version: 2 });
    await until(() => text(element)?.includes("could not be rendered"));
    link.push(join, "state:change", { state: { items: ["fine"] }, version: 3 });
    await until(() => text(element)?.startsWith("FINE"));
    expect(log).toHaveBeenCalledTimes(2);
    log.mockRestore();
  });

  it("leaves when it is removed, and stays when it is moved", async () => {
    const element = await mountLive();
    const place = document.createElement("div");
    document.body.append(place);
    place.append(element);
    await Promise.resolve();
    expect(live.connected).toBe(true);
    element.remove();
    await Promise.resolve();
    expect(live.connected).toBe(false);
    await link.take("phx_leave");
  });

  it("keeps what is typed in it while it is out of the page, whatever it is told there", async () => {
    const element = await mountLive();
    const input = field(element, "input[name=title]");
    input.value = "half typed";
    element.remove();
    await until(() => !live.connected);
    element.heading = "Hidden";
    await element.updateComplete;
    expect(text(element)).toMatch(/^Hidden MILK/);
    document.body.append(element);
    link.reply(await link.take("phx_leave"));
    await link.accept({ items: ["tea"] });
    await until(() => text(element)?.startsWith("Hidden TEA"));
    expect(field(element, "input[name=title]")).toBe(input);
    expect(input.value).toBe("half typed");
  });

  it("hears nothing while it is out of the page, and the channel's events again afterwards", async () => {
    const element = await mountLive();
    const other = mount<TodoList>("todo-list");
    const heard: Json[] = [];
    element.remove();
    await Promise.resolve();
    element.live.on("added", ({ id }: Json) => heard.push(id));
    const heardByOther: Json[] = [];
    other.live.on("added", ({ id }: Json) => heardByOther.push(id));
    link.push(join, "added", { id: 1 });
    await until(() => heardByOther.length === 1);
    document.body.append(element);
    link.push(join, "added", { id: 2 });
    await until(() => heardByOther.length === 2);
    expect(heard).toEqual([2]);
  });

  it("does not take a LiveState away from another that shows it", async () => {
    const element = await mountLive();
    const other = mount<TodoList>("todo-list");
    element.remove();
    await Promise.resolve();
    expect(live.connected).toBe(true);
    expect(other.live.status).toBe("live");
  });

  it("follows when its LiveState is exchanged", async () => {
    const element = await mountLive();
    const { socket } = live;
    element.liveState = new LiveState({ socket, topic: "todos:you" });
    await link.accept({ items: ["other"] });
    await until(() => text(element)?.startsWith("OTHER"));
    expect(live.connected).toBe(false);
  });
});

describe("an element that dispatches", () => {
  class Counter extends LiveElement<{ n: number }, { count: object; other: object }> {
    renders = 0;
    asks = true;

    override render(state: { n: number }) {
      this.renders += 1;
      const isCounting = this.asks && this.live.isPending("count");
      return html`${state.n} ${isCounting ? "pending" : "still"}`;
    }

    count(options: object = {}): void {
      const optimistic = (draft: { n: number }) => {
        draft.n += 1;
      };
      this.live.dispatch("count", {}, { optimistic, ...options });
    }
  }
  customElements.define("live-counter", Counter);

  async function mountCounter({ asks = true } = {}): Promise<Counter> {
    const element = mount<Counter>("live-counter");
    element.asks = asks;
    link = await kernel.link();
    join = await link.accept({ n: 0 });
    await until(() => text(element) === "0 still");
    element.renders = 0;
    return element;
  }

  it("shows what is expected and that it is on its way, until it is answered", async () => {
    const element = await mountCounter();
    const selected = element.live.select("n");
    element.count();
    expect(selected.value).toBe(1);
    await element.updateComplete;
    expect(text(element)).toBe("1 pending");
    link.reply(await link.take("lvs_evt:count"), { message: "no" }, "error");
    await until(() => text(element) === "0 still");
    expect(element.renders).toBe(2);
  });

  it("is rendered for what is on its way only if it asks for that", async () => {
    const silent = await mountCounter({ asks: false });
    silent.live.dispatch("count");
    await silent.updateComplete;
    link.reply(await link.take("lvs_evt:count"));
    await until(() => !live.isPending());
    await silent.updateComplete;
    expect(silent.renders).toBe(0);
    silent.asks = true;
    silent.requestUpdate();
    await silent.updateComplete;
    silent.live.dispatch("other");
    await silent.updateComplete;
    expect(silent.renders).toBe(1);
    silent.live.dispatch("count");
    await silent.updateComplete;
    expect(silent.renders).toBe(2);
  });

  it("takes not the place of another's events", async () => {
    const one = await mountCounter();
    const other = mount<Counter>("live-counter");
    await other.updateComplete;
    for (const element of [one, other]) element.count({ debounce: 10_000 });
    await other.updateComplete;
    expect(text(other)).toBe("2 pending");
    one.live.dispatch("other");
    await link.take("lvs_evt:other");
    expect(link.count("lvs_evt:count")).toBe(2);
  });

  it("sends what it held back when it is removed", async () => {
    const element = await mountCounter();
    element.count({ debounce: 10_000 });
    element.remove();
    await link.take("phx_leave");
    expect(link.count("lvs_evt:count")).toBe(1);
  });
});

describe("a form with live.submit", () => {
  it("shows what is expected of it", async () => {
    const element = await mountLive();
    const listener = element.live.submit("add_todo", {
      optimistic: (draft, { title }) => {
        draft.items.push(title);
      },
    });
    const form = document.createElement("form");
    form.innerHTML = '<input name="title" value="tea" />';
    form.onsubmit = listener;
    form.dispatchEvent(new Event("submit", { cancelable: true }));
    await element.updateComplete;
    expect(text(element)).toMatch(/^MILKTEA/);
  });

  it("dispatches its data and is reset when that was handled", async () => {
    const element = await mountLive();
    const input = field(element, "input[name=title]");
    input.value = "tea";
    expect(submit(element).defaultPrevented).toBe(true);
    const push = await link.take("lvs_evt:add_todo");
    expect(push.payload).toEqual({ title: "tea" });
    expect(input.value).toBe("tea");
    link.reply(push);
    await until(() => input.value === "");
  });

  it("is sent once until the answer, and keeps what is typed meanwhile", async () => {
    const element = await mountLive();
    const input = field(element, "input[name=title]");
    input.value = "milk";
    submit(element);
    submit(element);
    input.value = "bread";
    link.reply(await link.take("lvs_evt:add_todo"));
    await until(() => !input.form?.hasAttribute("aria-busy"));
    expect(input.value).toBe("bread");
    expect(link.count("lvs_evt:add_todo")).toBe(1);
  });

  it("keeps its data when the event failed", async () => {
    const element = await mountLive();
    field(element, "input[name=title]").value = "tea";
    submit(element);
    const error = { type: "ValueError", event: "add_todo", message: "no" };
    link.reply(await link.take("lvs_evt:add_todo"), error, "error");
    await until(() => element.live.error);
    expect(element.live.error).toEqual({ ...error, detail: error });
    expect(field(element, "input[name=title]").value).toBe("tea");
  });

  it("keeps its data with reset: false", async () => {
    const element = await mountLive();
    field(element, "input[name=text]").value = "tea";
    submit(element, ".kept");
    link.reply(await link.take("lvs_evt:find"));
    const next = element.live.dispatch("next");
    link.reply(await link.take("lvs_evt:next"));
    await next;
    expect(field(element, "input[name=text]").value).toBe("tea");
  });

  it("says that files can't be sent", async () => {
    const element = await mountLive();
    const transfer = new DataTransfer();
    transfer.items.add(new File(["x"], "me.png"));
    field(element, "input[type=file]").files = transfer.files;
    submit(element, ".kept");
    expect(element.live.error).toMatchObject({ type: "form error", event: "find" });
    expect(link.count("lvs_evt:find")).toBe(0);
  });
});

describe("a LiveController", () => {
  it("hands the channel's events to listeners, whatever it is connected to", async () => {
    const element = document.createElement("todo-list") as TodoList;
    const heard: Json[] = [];
    const remove = element.live.on("added", (payload) => heard.push(payload));
    element.liveState = live;
    document.body.append(element);
    link = await kernel.link();
    join = await link.accept({ items: [] });
    link.push(join, "added", { id: 1 });
    await until(() => heard.length === 1);
    remove();
    link.push(join, "added", { id: 2 });
    link.push(join, "state:patch", { patch: [], version: 1 });
    await until(() => live.version === 1);
    expect(heard).toEqual([{ id: 1 }]);
  });

  it("renders its element again only for what was selected", async () => {
    class Counted extends LiveElement<{ a: number; b: { names: string[] }; c: number }> {
      a = this.live.select((state) => state.a);
      name = this.live.select("b.names[0]");
      renders = 0;
      override render() {
        this.renders += 1;
        return `${this.a.value} ${this.name.value}`;
      }
    }
    customElements.define("counted-element", Counted);
    const element = mount<Counted>("counted-element");
    link = await kernel.link();
    join = await link.accept({ a: 1, b: { names: ["Ann"] }, c: 1 });
    await until(() => text(element) === "1 Ann");
    const { renders } = element;
    const patch = async (version: number, path: string, value: Json) => {
      link.push(join, "state:patch", { patch: [{ op: "replace", path, value }], version });
      await until(() => live.version === version);
      await element.updateComplete;
      return element.renders - renders;
    };
    expect(await patch(1, "/c", 2)).toBe(0);
    expect(await patch(2, "/b/names", ["Ann", "Bob"])).toBe(0);
    expect(await patch(3, "/a", 2)).toBe(1);
    expect(await patch(4, "/b/names/0", "Amy")).toBe(2);
    expect(text(element)).toBe("2 Amy");
    link.push(join, "state:change", { state: { a: 2, b: { names: ["Amy"] }, c: 9 }, version: 9 });
    await until(() => live.version === 9);
    await element.updateComplete;
    expect(element.renders - renders).toBe(2);
    expect(element.live.liveState).toBe(live);
    link.close();
    await until(() => element.live.status === "offline");
    await element.updateComplete;
    expect(element.renders - renders).toBe(3);
  });

  it("shows in the element's place that a selection failed", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    class Failing extends LiveElement {
      n = this.live.select((state: Json) => state.a.n);
      override render() {
        return this.n.value;
      }
    }
    customElements.define("failing-selection", Failing);
    const element = mount("failing-selection");
    link = await kernel.link();
    join = await link.accept({});
    await until(() => text(element)?.includes("could not be rendered. TypeError"));
    link.push(join, "state:change", { state: { a: { n: 7 } }, version: 1 });
    await until(() => text(element) === "7");
    log.mockRestore();
  });

  it("makes one selection of what is selected in each render, and refuses new functions", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    interface Shown {
      n: number;
      m: string;
      isWrong?: true;
    }
    let runs = 0;
    const count = (state: Shown) => {
      runs += 1;
      return state.n;
    };
    class Selecting extends LiveElement<Shown> {
      count = this.live.select(count);

      override render(state: Shown) {
        const selector = state.isWrong ? (now: Shown) => now.n : count;
        return `${this.live.select(selector).value} ${this.live.select("m").value}`;
      }
    }
    customElements.define("selecting-element", Selecting);
    const element = mount<Selecting>("selecting-element");
    link = await kernel.link();
    join = await link.accept({ n: 0, m: "a" });
    await until(() => text(element) === "0 a");
    for (let version = 1; version <= 5; version += 1) {
      const state = { n: version, m: "a" };
      link.push(join, "state:change", { state, version });
      await until(() => text(element) === `${version} a`);
    }
    runs = 0;
    link.push(join, "state:change", { state: { n: 5, m: "b" }, version: 6 });
    await until(() => text(element) === "5 b");
    expect(runs).toBe(1);
    link.push(join, "state:change", { state: { n: 6, m: "b", isWrong: true }, version: 7 });
    await until(() => text(element)?.includes("Error: select: in render expected a path, or"));
    log.mockRestore();
  });

  it("refuses events without a topic", async () => {
    const element = document.createElement("todo-list") as TodoList;
    document.body.append(element);
    await expect(element.live.dispatch("x")).rejects.toThrow("no url and topic");
    expect(element.live.error).toBeNull();
  });

  it("makes any Lit element live", async () => {
    class Clock extends LitElement {
      live = new LiveController<{ time: string }>(this, { liveState: live });
      protected override render() {
        return html`${this.live.state?.time ?? nothing}`;
      }
    }
    customElements.define("any-clock", Clock);
    const clock = mount("any-clock");
    link = await kernel.link();
    await link.accept({ time: "noon" });
    await until(() => text(clock) === "noon");
  });

  it("connects an element by its attributes", async () => {
    const server = await ScriptedServer.start();
    vi.stubGlobal("WebSocket", WebSocket);
    document.body.innerHTML = `<todo-list url="${server.url}" topic="todos:me" params='{"a": 1}'></todo-list>`;
    const element = document.querySelector("todo-list") as TodoList;
    const connection = await server.link();
    const first = await connection.accept({ items: ["served"] });
    expect(first.payload).toEqual({ a: 1, livestate: {} });
    await until(() => text(element)?.startsWith("SERVED"));
    element.topic = "todos:you";
    const next = await (await server.link()).accept({ items: ["yours"] });
    expect(next.topic).toBe("todos:you");
    await until(() => text(element)?.startsWith("YOURS"));
    element.remove();
    vi.unstubAllGlobals();
    await server.stop();
  });

  it("keeps its connection when it is moved, and its socket when it comes back", async () => {
    const server = await ScriptedServer.start();
    let sockets = 0;
    server.server.on("connection", () => {
      sockets += 1;
    });
    vi.stubGlobal("WebSocket", WebSocket);
    document.body.innerHTML = `<todo-list url="${server.url}" topic="todos:me" params='{"a": 1}'></todo-list><div></div>`;
    const element = document.querySelector("todo-list") as TodoList;
    const connection = await server.link();
    const joined = await connection.accept({ items: ["milk"] });
    await until(() => text(element)?.startsWith("MILK"));
    const { liveState } = element.live;
    document.querySelector("div")?.append(element);
    document.body.prepend(element);
    element.params = { a: 1 };
    await element.updateComplete;
    connection.push(joined, "state:change", { state: { items: ["tea"] }, version: 1 });
    await until(() => text(element)?.startsWith("TEA"));
    expect([sockets, connection.count("phx_leave")]).toEqual([1, 0]);

    element.remove();
    await connection.take("phx_leave");
    document.body.append(element);
    await element.updateComplete;
    expect(element.live.liveState).toBe(liveState);
    expect(text(element)).toMatch(/^TEA/);
    await (await server.link()).accept({ items: ["back"] });
    await until(() => text(element)?.startsWith("BACK"));

    element.remove();
    await Promise.resolve();
    element.params = { a: 2 };
    document.body.append(element);
    const another = await (await server.link()).accept({ items: ["other"] });
    expect(another.payload).toMatchObject({ a: 2 });
    await until(() => text(element)?.startsWith("OTHER"));
    expect(element.live.liveState).not.toBe(liveState);
    expect(sockets).toBe(3);
    element.remove();
    vi.unstubAllGlobals();
    await server.stop();
  });

  it("shares its connection with the page's others, until the last of them leaves", async () => {
    const server = await ScriptedServer.start();
    vi.stubGlobal("WebSocket", WebSocket);
    const heard = vi.spyOn(window, "addEventListener");
    const sockets = () => heard.mock.calls.filter(([type]) => type === "pagehide").length;
    const tag = (topic: string, more = "") =>
      `<todo-list url="${server.url}" topic="${topic}" ${more}></todo-list>`;
    document.body.innerHTML = [..."abc"].map((topic) => tag(topic)).join("");
    const connection = await server.link();
    for (const topic of "abc") await connection.accept({ items: [topic] });
    await until(() =>
      [...document.body.children].every((one) => text(one as TodoList) !== "pending"),
    );
    expect([sockets(), server.server.clients.size]).toEqual([1, 1]);

    // a topic is joined on a socket once, and shares are kept apart
    document.body.insertAdjacentHTML("beforeend", tag("a") + tag("d", "share='one'"));
    for (const _ of [1, 2]) await (await server.link()).accept({ items: ["more"] });
    await until(() =>
      [...document.body.children].every((one) => text(one as TodoList) !== "pending"),
    );
    expect([sockets(), server.server.clients.size]).toEqual([3, 3]);

    for (const one of [...document.body.children].slice(1)) one.remove();
    await until(() => server.server.clients.size === 1);
    const [first] = document.querySelectorAll<TodoList>("todo-list");
    for (const topic of "defg") {
      Object.assign(first as TodoList, { topic });
      await (await server.link()).accept({ items: [topic] });
      await until(() => text(first as TodoList)?.startsWith(topic.toUpperCase()));
    }
    await until(() => server.server.clients.size === 1);
    expect(sockets()).toBe(3); // phoenix.js has each listen to the page for good
    first?.remove();
    await until(() => server.server.clients.size === 0);
    heard.mockRestore();
    vi.unstubAllGlobals();
    await server.stop();
  });

  it("shares no connection that has options, and takes another if its topic is joined by another", async () => {
    const server = await ScriptedServer.start();
    vi.stubGlobal("WebSocket", WebSocket);
    const config = { url: server.url, topic: "todos:me" };
    const own = new LiveState({ ...config, socketOptions: {} });
    const [one, other] = [new LiveState(config), new LiveState(config)];
    for (const [n, each] of [own, one, other].entries()) {
      each.connect();
      await (await server.link()).accept({ n });
      await until(() => each.status === "live");
    }
    expect(new Set([own, one, other].map(({ socket }) => socket)).size).toBe(3);
    expect([own, one, other].map(({ state }) => (state as Json).n)).toEqual([0, 1, 2]);
    one.disconnect();
    one.disconnect();
    await until(() => server.server.clients.size === 2);
    one.connect();
    await (await server.link()).accept({ n: 3 });
    await until(() => (one.state as Json).n === 3);
    expect(other.status).toBe("live");
    for (const each of [own, one, other]) each.disconnect();
    vi.unstubAllGlobals();
    await server.stop();
  });
});
