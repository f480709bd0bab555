import { describe, expect, it } from "vitest";
import { configure, find, raise, submit, textOf } from "./page";
import { kernel, show, showList, todoList, usePage } from "./shown";
import { until } from "./until";

usePage();

describe("the view", () => {
  it("tells that it connects, before the first state", async () => {
    const { el } = show({ element: "todo-list", source: todoList("Todos") });
    await until(() => textOf(el).startsWith("Connecting…"));
    await (await kernel.link()).accept({ items: [] });
    await until(() => textOf(el) === "Todos");
  });

  it("hides what Python displays beside elements, once one is live", async () => {
    const beside = document.createElement("p");
    beside.className = "livestate-beside";
    document.body.append(beside);
    await showList();
    await until(() => getComputedStyle(beside).display === "none");
    beside.remove();
  });

  it("shows a refused join in the element's place", async () => {
    const { el } = show({});
    const link = await kernel.link();
    link.reply(await link.take("phx_join"), { reason: "unmatched topic" }, "error");
    await until(
      () => textOf(el) === "Not connected: No channel is declared for the topic 'todos:me'",
    );
  });

  it("shows an init that failed in the element's place, once", async () => {
    const { el } = show({});
    const link = await kernel.link();
    const join = await link.take("phx_join");
    link.reply(join, { livestate: { max_version: 1000 } });
    link.push(join, "error", { type: "refused", message: "no database" });
    await until(() => textOf(el) === "Not connected: no database");
  });

  it("that was out of the page for a while shows how things stand", async () => {
    const { el, link } = await showList();
    el.remove();
    await Promise.resolve();
    link.close();
    await (await kernel.link()).take("phx_join");
    document.body.append(el);
    await until(() => textOf(el) === "Todos milk Connection lost. Reconnecting…");
  });

  it("shows the error of a handler until an event succeeds", async () => {
    const { el, link } = await showList();
    submit(find(el, "form"));
    await raise(link, "add", "no title");
    await until(() => textOf(el).includes("no title"));
    expect(textOf(el)).toBe("Todos milk add: no title ✕");
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
    expect(textOf(el)).toBe("Todos milk Starting again… channel error: out of memory ✕");
  });

  it.each([
    ["kernel restarting", "Kernel restarting…"],
    ["kernel lost", "Connection lost. Reconnecting…"],
    ["kernel gone", "The kernel has gone: run the cell again."],
  ])(
    "says that a topic is lost for the reason %s, until it is joined again",
    async (reason, text) => {
      const { el, link, join } = await showList();
      link.crash(join, { reason });
      await until(() => textOf(el) === `Todos milk ${text}`);
      expect(find(el, ".content").classList).toContain("stale");
      await link.accept({ items: ["milk", "bread"] });
      await until(() => textOf(el) === "Todos milk bread");
      expect(find(el, ".content").classList).not.toContain("stale");
    },
  );

  it("keeps the last state, greyed, when the topic may not be joined again", async () => {
    const { el, link, join } = await showList();
    link.crash(join, { reason: "kernel restarting" });
    const refused = { reason: "the session of this cell has ended: run the cell again" };
    link.reply(await link.take("phx_join"), refused, "error");
    await until(() => textOf(el).startsWith(`Not connected: ${refused.reason}`));
    expect(textOf(el)).toContain("milk");
    link.reply(await link.take("phx_join"), { reason: "kernel gone" }, "error");
    await until(() => textOf(el) === "Todos milk The kernel has gone: run the cell again.");
    expect(find(el, ".content").classList).toContain("stale");
  });

  it("tells that the kernel has gone, with the last state", async () => {
    const { el, model } = await showList();
    model.isAlive = false;
    model.emit("comm_live_update");
    await until(() => textOf(el) === "Todos milk The kernel has gone: run the cell again.");
  });

  it("tells visitors of Voila, who have no cells, to load the page again", async () => {
    configure({ appUrl: "voila/" });
    const { el, model } = await showList();
    model.emit("comm_live_update");
    await until(() => textOf(el) === "Todos milk The kernel has gone: load this page again.");
    document.head.replaceChildren();
  });
});

describe("the keyboard in a view", () => {
  const press = (el: HTMLElement, options: KeyboardEventInit) =>
    find(el, "input").dispatchEvent(
      new KeyboardEvent("keydown", { bubbles: true, composed: true, ...options }),
    );
  const isClaimed = (el: HTMLElement) =>
    el.firstElementChild?.hasAttribute("data-lm-suppress-shortcuts");

  it("keeps plain keys from Jupyter's shortcuts, and leaves those with Ctrl to them", async () => {
    const { el, dispose } = await showList();
    press(el, { key: "d" });
    expect(isClaimed(el)).toBe(true);
    press(el, { key: "s", ctrlKey: true });
    expect(isClaimed(el)).toBe(false);
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "d", bubbles: true }));
    expect(isClaimed(el)).toBe(false);
    dispose();
  });

  it("keeps JupyterLab from cancelling the Enter key", async () => {
    const { el } = await showList();
    const seen: string[] = [];
    el.addEventListener("beforeinput", (event) => seen.push((event as InputEvent).inputType));
    for (const inputType of ["insertText", "insertLineBreak"]) {
      find(el, "input").dispatchEvent(
        new InputEvent("beforeinput", { inputType, bubbles: true, composed: true }),
      );
    }
    expect(seen).toEqual(["insertText"]);
  });
});
