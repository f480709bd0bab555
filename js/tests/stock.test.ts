import { describe, expect, it } from "vitest";
import { find, findAll, submit, textOf } from "./page";
import type { Link } from "./server";
import { kernel, show, usePage } from "./shown";
import { until } from "./until";

usePage();

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
