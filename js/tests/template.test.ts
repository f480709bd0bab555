import { describe, expect, it, vi } from "vitest";
import type { Json } from "../src/json";
import { LiveState } from "../src/live-state";
import { type LiveTemplate, templateElement } from "../src/template";
import { find, findAll, submit, textOf } from "./page";
import {
  all,
  answer,
  get,
  join,
  link,
  mount,
  patch,
  sent,
  server,
  show,
  type,
  useTemplates,
} from "./templates";
import { until } from "./until";

useTemplates();

const text = (selector: string) => get(selector).textContent?.replace(/\s+/g, " ").trim();

describe("a live-template", () => {
  it("shows its other content until there is a state, then what is in its template", async () => {
    const element = mount("<template><p :text='title'>raw</p></template><div>Wait</div>");
    expect(textOf(element)).toBe("Wait");
    await answer({ title: "Todos" });
    await until(() => textOf(element) === "Todos");
    expect(document.querySelector("template")).toBeNull();
  });

  it("is its own template if it has none", async () => {
    const element = mount("<p :text='title'>raw</p>");
    const paragraph = get("p");
    expect(textOf(element)).toBe("raw");
    await answer({ title: "Todos" });
    await until(() => textOf(element) === "Todos");
    expect(get("p")).toBe(paragraph);
  });

  it("joins with its params and follows patches", async () => {
    const element = await show("<p :text='title'></p>", { title: "one" }, `params='{"a": 1}'`);
    expect(join.payload).toEqual({ a: 1, livestate: {} });
    await patch(element, { op: "replace", path: "/title", value: "two" });
    expect(text("p")).toBe("two");
  });

  it("drops what it shows for another topic, and is what it was until that has a state", async () => {
    const pings: Json[] = [];
    vi.stubGlobal("ping", (id: Json) => pings.push(id));
    const content = `<template><p :text="title"></p><input :value="title">
      <button :onclick="is_open = !is_open" :text="is_open ? 'open' : 'closed'"></button>
      <template :if="id"><b :onping.window="() => ping(id)"></b></template></template>Wait`;
    const element = await show(content, { id: 1, title: "one" });
    type(get("input"), "typed");
    get("button").click();
    await until(() => text("button") === "open");
    element.setAttribute("topic", "todos:you");
    await link.take("phx_leave");
    expect(textOf(element)).toBe("Wait");
    await answer({ id: 2, title: "yours" });
    expect(join.topic).toBe("todos:you");
    await until(() => textOf(element) === "yours closed");
    expect([get<HTMLInputElement>("input").value, text("button")]).toEqual(["yours", "closed"]);
    await until(() => document.querySelector("b"));
    window.dispatchEvent(new Event("ping"));
    expect(pings).toEqual([2]);
    element.setAttribute("topic", "todos:them");
    await answer({ title: "theirs" });
    await until(() => textOf(element) === "theirs closed");
  });

  it("leaves a topic that is taken away, but no LiveState that it was given", async () => {
    const element = await show("<template><p :text='title'></p></template>Wait", { title: "one" });
    const { liveState } = element;
    element.removeAttribute("topic");
    await link.take("phx_leave");
    expect(textOf(element)).toBe("Wait");
    element.liveState = liveState;
    await answer({ title: "two" });
    await until(() => textOf(element) === "two");
    element.topic = undefined;
    element.removeAttribute("url");
    await element.updateComplete;
    expect([textOf(element), element.liveState]).toEqual(["two", liveState]);
  });

  it("is its own template again for another topic, with the templates in it", async () => {
    const inner = `<live-template consume-context="mine"><b :text="title"></b></live-template>`;
    const content = `<p :text="title">raw</p><i :each="n in list" :text="n"></i><u :if="title">if</u>${inner}`;
    const provided = `provide-context="mine"`;
    const element = await show(content, { title: "one", list: [1, 2] }, provided);
    await until(() => text("b") === "one");
    element.setAttribute("topic", "todos:you");
    await link.take("phx_leave");
    expect(textOf(element)).toBe("raw if");
    expect(get("p").getAttribute(":text")).toBe("title");
    await link.accept({ title: "two", list: [3] }); // the inner one kept the connection
    await until(() => textOf(element) === "two 3 if two");
  });

  it("forgets the errors of the topic before", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await show(`<p :text="user.name">raw</p>`, {});
    await until(() => textOf(element).includes("user.name"));
    element.setAttribute("topic", "todos:you");
    await link.take("phx_leave");
    expect(textOf(element)).toBe("raw");
    await answer({ user: { name: "Ada" } });
    await until(() => textOf(element) === "Ada");
  });

  it("sends nothing to another topic that was held back for the one before", async () => {
    const content = `<input name="q" :sendinput.debounce-20="find">`;
    const element = await show(content, {});
    type(get("input"), "old");
    element.setAttribute("topic", "todos:you");
    await answer({});
    await until(() => element.live.state);
    await new Promise((resolve) => setTimeout(resolve, 40));
    type(get("input"), "new");
    expect(await sent("find")).toEqual({ q: "new" });
    expect(link.count("lvs_evt:find")).toBe(1);
  });

  it("evaluates only what reads what has changed", async () => {
    const seen = vi.fn((value) => value);
    vi.stubGlobal("seen", seen);
    const state = { title: "one", count: 1 };
    const element = await show("<p :text='seen(title)'></p><b :text='count'></b>", state);
    await patch(element, { op: "replace", path: "/count", value: 2 });
    expect(text("b")).toBe("2");
    expect(seen).toHaveBeenCalledTimes(1);
    await patch(element, { op: "replace", path: "/title", value: "two" });
    expect(seen).toHaveBeenCalledTimes(2);
  });

  it("has sprae's other directives", async () => {
    const content = `<p :if="is_open" :class="{ open: is_open }" :title="title">open</p><p :else>closed</p>`;
    const element = await show(content, { is_open: true, title: "T" });
    expect([text("p"), get("p").className, get("p").title]).toEqual(["open", "open", "T"]);
    await patch(element, { op: "replace", path: "/is_open", value: false });
    expect(all("p").map((p) => p.textContent)).toEqual(["closed"]);
    await patch(element, { op: "replace", path: "/is_open", value: true });
    expect(text("p")).toBe("open");
  });

  it("tells its status and error as live", async () => {
    const content = `<p :text="live.status + ' ' + (live.error?.message ?? 'fine')"></p>
      <button :onclick="live.dispatch('add', { n: count + 1 })"></button>`;
    await show(content, { count: 1 });
    expect(text("p")).toBe("live fine");
    get("button").click();
    const push = await link.take("lvs_evt:add");
    expect(push.payload).toEqual({ n: 2 });
    link.reply(push, { type: "ValueError", message: "no" }, "error");
    await until(() => text("p") === "live no");
  });

  it("sees which events are on their way, and shows what is expected of them", async () => {
    const content = `<button :text="count" :disabled="live.isPending('add')"
      :onclick="live.dispatch('add', {}, { optimistic: (draft) => { draft.count += 1 } })"></button>`;
    await show(content, { count: 1 });
    const button = get<HTMLButtonElement>("button");
    expect([button.disabled, button.textContent]).toEqual([false, "1"]);
    button.click();
    await until(() => button.disabled && button.textContent === "2");
    link.reply(await link.take("lvs_evt:add"), { message: "no" }, "error");
    await until(() => !button.disabled && button.textContent === "1");
  });

  it("keeps variables of its own, but lets nobody assign to the state", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const content = `<button :onclick="is_open = !is_open" :text="is_open ? 'open' : 'closed'"></button>
      <i :onclick="count = 5" :text="count"></i>`;
    const element = await show(content, { count: 1 });
    expect(text("button")).toBe("closed");
    get("button").click();
    await until(() => text("button") === "open");
    get("i").click();
    await until(() => textOf(element).includes('"count" is part of the state'));
    expect(text("i")).toBe("1");
  });

  it("takes no attribute of the window for a missing part of the state", async () => {
    window.name = "mine";
    await show(`<p :text="[name, location, status, Math.max(1, 2)].join()"></p>`, {});
    expect(text("p")).toBe(",,,2");
    window.name = "";
  });

  it("shows states that are no objects as state", async () => {
    await show(`<p :each="n in state" :text="n"></p>`, [1, 2]);
    expect(all("p").map((p) => p.textContent)).toEqual(["1", "2"]);
  });

  it("says why it was refused, beside its fallback", async () => {
    const element = mount("<template><p></p></template>Wait");
    const refusing = await server.link();
    refusing.reply(await refusing.take("phx_join"), { reason: "Members only" }, "error");
    await until(() => textOf(element).startsWith("Not connected: Members only"));
    expect(textOf(element)).toContain("Wait");
  });

  it("says why it is refused when it comes back, beside what it showed", async () => {
    const element = await show("<p :text='title'></p>", { title: "one" });
    link.close();
    const refusing = await server.link();
    refusing.reply(await refusing.take("phx_join"), { reason: "Members only" }, "error");
    await until(() => textOf(element).startsWith("Not connected: Members only"));
    expect(textOf(element)).toContain("one");
    await refusing.accept({ title: "two" });
    await until(() => textOf(element) === "two");
  });

  it("leaves when it is removed, stays when it is moved, and joins again", async () => {
    const element = await show("<p :text='title'></p>", { title: "one" });
    const place = document.createElement("div");
    document.body.append(place);
    place.append(element);
    await Promise.resolve();
    expect(link.count("phx_leave")).toBe(0);
    element.remove();
    await link.take("phx_leave");
    document.body.append(element);
    await answer({ title: "two" });
    await until(() => text("p") === "two");
  });

  it("does not take a LiveState away from another that shows it", async () => {
    const first = await show("<p :text='title'></p>", { title: "one" });
    const second = document.createElement("live-template") as LiveTemplate;
    second.innerHTML = "<b :text='title'></b>";
    second.liveState = first.liveState;
    document.body.append(second);
    await until(() => text("b") === "one");
    first.remove();
    await patch(second, { op: "replace", path: "/title", value: "two" });
    expect(text("b")).toBe("two");
  });
});

describe("an expression that fails", () => {
  it("is told with its line and column in a template from a string, each of its places", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const html = `\n<p :text="user.name"></p>
<ul><li :each="row in rows"><b :text="user.name"></b></li></ul>
<input :ref="box" :sendinput="find" :value="box.localName"><i :each="n in user.list"></i>`;
    customElements.define("test-places", templateElement(html));
    const liveState = new LiveState({ url: server.url, topic: "clock" });
    const errors: Json[] = [];
    liveState.addEventListener("livestate-error", ({ detail }) => errors.push(detail.message));
    const element = Object.assign(document.createElement("test-places"), { liveState });
    document.body.append(element);
    await answer({ rows: [1, 2] });
    await until(() => textOf(element).includes("line 4"));
    expect(findAll(element, "[role=alert]").map((one) => textOf(one))).toEqual([
      expect.stringMatching(
        /^The template has an error in line 2, column 11\. TypeError.*<p> user\.name$/,
      ),
      expect.stringMatching(
        /^The template has an error in line 3, column 39\. TypeError.*<b> user\.name$/,
      ),
      expect.stringMatching(
        /^The template has an error in line 4, column 70\. TypeError.*<i> user\.list$/,
      ),
    ]);
    expect(errors[1]).toMatch(/^line 3, column 39: TypeError: .*\nuser\.name$/);
    const field = find<HTMLInputElement>(element, "input");
    expect(field.value).toBe("input");
    type(field, "x");
    expect(await sent("find")).toEqual({ value: "x" });
    link.push(join, "state:change", { state: { user: { name: "Ada", list: [] } }, version: 1 });
    await until(() => textOf(element) === "Ada");
  });

  it("is named in the element's place and in livestate-error, until it is well", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const element = mount(`<p :text="user.name.first">raw</p><b :text="count"></b>`);
    const errors: Json[] = [];
    await element.updateComplete;
    element.liveState?.addEventListener("livestate-error", (event) =>
      errors.push((event as CustomEvent).detail),
    );
    await answer({ count: 1, user: {} });
    await until(() => textOf(element).startsWith("The template has an error. TypeError:"));
    expect(textOf(element)).toContain("<p> user.name.first");
    expect(text("b")).toBe("1");
    expect(errors).toEqual([
      { type: "template error", message: expect.stringContaining("user.name.first") },
    ]);
    await patch(element, { op: "add", path: "/user/name", value: { first: "Ada" } });
    await until(() => textOf(element) === "Ada 1");
    expect(log).toHaveBeenCalledTimes(1);
  });

  it("is told once for many rows, and again when it fails in another way", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await show(`<p :each="row in rows" :text="row.a.b"></p>`, { rows: [{}, {}] });
    await until(() => textOf(element).includes("row.a.b"));
    await patch(element, { op: "replace", path: "/rows", value: [{ a: null }] });
    await until(() => textOf(element).includes("of null"));
    expect(textOf(element).match(/row\.a\.b/g)).toHaveLength(1);
    await patch(element, { op: "remove", path: "/rows/0" });
    await until(() => textOf(element) === "");
  });

  it("is not told of what is taken away because its part of the state is", async () => {
    const content = `<p :if="user" :text="user.name"></p><p :else>nobody</p>
      <b :if="is_big ? user : other" :text="other.name"></b>`;
    const state = { user: { name: "Ada" }, other: { name: "Bo" }, is_big: true };
    const element = await show(content, state);
    expect(textOf(element)).toBe("Ada Bo");
    await patch(element, { op: "replace", path: "/is_big", value: false });
    await patch(element, { op: "replace", path: "/user", value: null });
    await patch(element, { op: "replace", path: "/other", value: null });
    await until(() => textOf(element) === "nobody");
    expect(element.live.error).toBeNull();
  });

  it("is told if it decides what is there", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await show(
      `<p :if="user.is_admin.sure"></p><p :each="n in user.names.all"></p>`,
      { user: {} },
    );
    await until(() => /is_admin.sure .*user.names.all/.test(textOf(element)));
  });

  it("is told if it is no JavaScript, or no list", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await show(`<p :text="1 +"></p><p :each="row from rows"></p>`, {});
    await until(() => /SyntaxError.*<p> 1 \+/.test(textOf(element)));
    expect(textOf(element)).toContain('expected "item in items"');
  });

  it("is told if it is what an event runs", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const element = await show(`<i :onclick="() => missing.call()"></i>`, {});
    get("i").click();
    await until(() => textOf(element).includes("missing.call()"));
  });
});

describe("contexts", () => {
  it("give one LiveState to several templates, in any order", async () => {
    document.body.innerHTML = `
      <live-template consume-context="mine"><b :text="title"></b></live-template>
      <live-template url="${server.url}" topic="todos:me" provide-context="mine"><p :text="title"></p></live-template>
      <live-template consume-context="mine"><i :text="title"></i></live-template>`;
    await answer({ title: "shared" });
    await until(() => text("b") === "shared" && text("p") === "shared" && text("i") === "shared");
    expect(server.server.clients.size).toBe(1);
    get("[provide-context]").remove();
    await Promise.resolve();
    const consumer = get<LiveTemplate>("[consume-context]");
    await patch(consumer, { op: "replace", path: "/title", value: "still" });
    expect(text("i")).toBe("still");
    for (const element of all("[consume-context]")) element.remove();
    await link.take("phx_leave");
  });
});

describe("templateElement", () => {
  it("makes a class that shows the LiveState it is given, in a shadow root", async () => {
    const Clock = templateElement("<style>p { color: red }</style><p :text='time'>raw</p>");
    customElements.define("test-clock", Clock);
    const liveState = new LiveState({ url: server.url, topic: "clock" });
    const element = Object.assign(new Clock(), { liveState });
    document.body.append(element);
    expect(textOf(element)).toBe("");
    await answer({ time: "noon" });
    await until(() => textOf(element) === "noon");
    expect(element.shadowRoot?.querySelector("style")).not.toBeNull();
    const second = Object.assign(new Clock(), { liveState });
    document.body.append(second);
    await until(() => textOf(second) === "noon");
  });

  it("shows fallback content beside a template", async () => {
    customElements.define(
      "test-wait",
      templateElement("<template><p :text='a'></p></template>Wait"),
    );
    const liveState = new LiveState({ url: server.url, topic: "clock" });
    const element = document.createElement("test-wait");
    document.body.append(Object.assign(element, { liveState }));
    expect(textOf(element)).toBe("Wait");
    await answer({ a: "b" });
    await until(() => textOf(element) === "b");
  });

  it("sends what its fields hold, at once and later", async () => {
    const html = `<form :sendsubmit="go" data-a="1"><input name="t"></form><input id="q" name="q" :sendinput.debounce-1="find">`;
    customElements.define("test-send", templateElement(html));
    const liveState = new LiveState({ url: server.url, topic: "clock" });
    const element = document.createElement("test-send");
    document.body.append(Object.assign(element, { liveState }));
    await answer({});
    await until(() => element.shadowRoot?.querySelector("form"));
    const field = find<HTMLInputElement>(element, "[name=t]");
    field.value = "typed";
    submit(find(element, "form"));
    const push = await link.take("lvs_evt:go");
    expect(push.payload).toEqual({ a: "1", t: "typed" });
    link.reply(push);
    await until(() => field.value === "");
    type(find(element, "#q"), "mil");
    expect(await sent("find")).toEqual({ q: "mil" });
  });
});
