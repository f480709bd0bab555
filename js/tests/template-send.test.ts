import { describe, expect, it } from "vitest";
import { textOf } from "./page";
import { all, answer, get, link, patch, sent, show, type, useTemplates } from "./templates";
import { until } from "./until";

useTemplates();

const field = (selector = "input") => get<HTMLInputElement>(selector);

/** Submits as a click on the form's button does. */
function submit(selector = "form"): SubmitEvent {
  const event = new SubmitEvent("submit", { bubbles: true, cancelable: true });
  get(selector).dispatchEvent(event);
  return event;
}

describe("a payload", () => {
  it("is a submitted form's data", async () => {
    await show(
      `<form :sendsubmit="save"><input name="title" value="milk"><input name="n" value="1">
      <input name="n" value="2"></form>`,
    );
    expect(submit().defaultPrevented).toBe(true);
    expect(await sent("save")).toEqual({ title: "milk", n: ["1", "2"] });
  });

  it("is the same for sendEvent in :onsubmit", async () => {
    await show(`<form :onsubmit="sendEvent('save')"><input name="title" value="milk"></form>`);
    expect(submit().defaultPrevented).toBe(true);
    expect(await sent("save")).toEqual({ title: "milk" });
  });

  it("is an input's value under its name", async () => {
    await show(`<input name="q" :sendinput="search">`);
    type(field(), "mil");
    expect(await sent("search")).toEqual({ q: "mil" });
  });

  it("is that of the field alone for a form that sends inputs", async () => {
    await show(`<form :sendinput="check"><input name="a"><input name="b" value="2"></form>`);
    type(field("[name=a]"), "1");
    expect(await sent("check")).toEqual({ a: "1" });
  });

  it("is whether a checkbox is checked, and what a select has chosen", async () => {
    const content = `<input type="checkbox" name="done" data-id="7" :sendchange="check">
      <select name="size" :sendchange="choose"><option>S<option>L</select>`;
    await show(content);
    field().click();
    expect(await sent("check")).toEqual({ id: "7", done: true });
    const select = get<HTMLSelectElement>("select");
    select.value = "L";
    select.dispatchEvent(new Event("change", { bubbles: true }));
    expect(await sent("choose")).toEqual({ size: "L" });
  });

  it("is the dataset for a click, on what is in the element too", async () => {
    const content = `<button :each="t in todos" :sendclick="edit" :data-id="t.id" data-list-name="x"><b>Edit</b></button>`;
    await show(content, { todos: [{ id: 7 }] });
    const click = new MouseEvent("click", { bubbles: true, cancelable: true });
    get("b").dispatchEvent(click);
    expect(click.defaultPrevented).toBe(true);
    expect(await sent("edit")).toEqual({ id: "7", listName: "x" });
  });

  it("is the dataset of what was clicked for a directive around it", async () => {
    await show(`<ul :sendclick="pick"><li data-id="1"><b>one</b></li></ul>`);
    get("b").click();
    expect(await sent("pick")).toEqual({ id: "1" });
  });

  it("is the dataset and the detail for a CustomEvent, whatever its name", async () => {
    await show(`<p :sendautocomplete-commit="pick" data-id="1"></p>`);
    get("p").dispatchEvent(new CustomEvent("autocomplete-commit", { detail: { to: "x" } }));
    expect(await sent("pick")).toEqual({ id: "1", to: "x" });
  });

  it("comes of events with capitals that custom-events names", async () => {
    await show(
      `<p :sendpicked="pick" :sendrowMoved="move"></p>`,
      {},
      `custom-events="rowMoved, picked"`,
    );
    get("p").dispatchEvent(new CustomEvent("rowMoved", { detail: { to: 2 } }));
    expect(await sent("move")).toEqual({ to: 2 });
    get("p").dispatchEvent(new CustomEvent("picked"));
    expect(await sent("pick")).toEqual({});
  });

  it("can't hold files, which the error says", async () => {
    const element = await show(`<form :sendsubmit="save"><input type="file" name="f"></form>`);
    const transfer = new DataTransfer();
    transfer.items.add(new File(["x"], "me.png"));
    field().files = transfer.files;
    submit();
    expect(element.live.error).toMatchObject({ type: "form error", event: "save" });
  });
});

describe(":send<event>", () => {
  it("takes modifiers and lets other keys through", async () => {
    await show(`<input :sendkeydown.enter="enter">`);
    const key = (name: string) => new KeyboardEvent("keydown", { key: name, cancelable: true });
    field().dispatchEvent(key("a"));
    const enter = key("Enter");
    field().dispatchEvent(enter);
    expect(await sent("enter")).toEqual({});
    expect(link.count("lvs_evt:enter")).toBe(1);
    expect(enter.defaultPrevented).toBe(false);
  });

  /** Clicks as a person does, and tells whether the page may do what it does with that. */
  const click = (node: Element) =>
    node.dispatchEvent(
      new MouseEvent("click", { bubbles: true, composed: true, cancelable: true }),
    );

  function addLink(): HTMLElement {
    document.body.insertAdjacentHTML("beforeend", `<a id="elsewhere" href="#x">elsewhere</a>`);
    return get("#elsewhere");
  }

  it.each(["outside", "away", "window", "document", "root", "body"])(
    "leaves to the page what it hears of that with .%s",
    async (modifier) => {
      const element = await show(`<div :sendclick.${modifier}="close" data-id="1">menu</div>`);
      const elsewhere = addLink();
      expect(click(elsewhere)).toBe(true);
      const first = await link.take("lvs_evt:close");
      expect(first.payload).toEqual({ id: "1" });
      link.reply(first);
      await until(() => !element.live.isPending());
      element.remove();
      await Promise.resolve();
      expect(click(elsewhere)).toBe(true);
      expect(element.live.error).toBeNull(); // it would not have been sent
      document.body.append(element);
      await answer({});
      await until(() => element.live.status === "live");
      expect(click(elsewhere)).toBe(true);
      await sent("close");
      expect(link.count("lvs_evt:close")).toBe(1);
    },
  );

  it("hears nothing any more of the page with the template that it was of", async () => {
    const element = await show(`<b :onclick.window="sendEvent('any')">one</b>`);
    click(addLink());
    const any = await link.take("lvs_evt:any");
    expect(any.payload).toEqual({});
    link.reply(any);
    await until(() => !element.live.isPending());
    element.remove();
    await Promise.resolve();
    click(get("#elsewhere"));
    expect(element.live.error).toBeNull(); // it would not have been sent
  });

  it("leaves to the page what is not about the element itself with .self", async () => {
    await show(`<div :sendclick.self="pick"><a href="#x">one</a></div>`);
    expect(click(get("a"))).toBe(true);
    expect(click(get("div"))).toBe(false);
    await sent("pick");
    expect(link.count("lvs_evt:pick")).toBe(1);
  });

  it("leaves their labels to checkboxes, and sends the click that these get of it", async () => {
    const content = `<div :sendclick="pick"><label data-id="1"><input type="checkbox" name="a"><b>one</b></label>
      <label for="two" data-id="2"><a href="#x">two</a></label><input id="two" type="radio"></div>`;
    await show(content);
    expect(click(get("b"))).toBe(true);
    expect(click(get("[data-id='2']"))).toBe(true);
    expect([await sent("pick"), await sent("pick")]).toEqual([{ id: "1" }, {}]);
    expect(link.count("lvs_evt:pick")).toBe(2);
    expect(field("[name=a]").checked).toBe(true);
    expect(field("#two").checked).toBe(true);
    expect(click(get("a"))).toBe(false); // a link in a label is a link
  });

  describe("at a pace", () => {
    const events = () =>
      link.frames.flatMap(({ event, payload }) =>
        event.startsWith("lvs_evt:") ? [[event.slice("lvs_evt:".length), payload]] : [],
      );

    it("sends what was typed before what is done next", async () => {
      await show(`<input name="q" :sendinput.debounce-60s="draft"><b :sendclick="save"></b>`);
      for (const text of ["a", "ab", "abc"]) type(field(), text);
      click(get("b"));
      await sent("save");
      expect(events()).toEqual([
        ["draft", { q: "abc" }],
        ["save", {}],
      ]);
    });

    it("sends what was typed when its template is removed", async () => {
      const element = await show(`<input name="q" :sendinput.debounce-60000="draft">`);
      type(field(), "abc");
      element.remove();
      await link.take("phx_leave");
      expect(events()).toEqual([["draft", { q: "abc" }]]);
    });

    it("sends what was in the form before it was submitted and reset", async () => {
      const content = `<form :sendsubmit="add"><input name="q" :sendinput.debounce-1m="draft"></form>`;
      await show(content);
      type(field(), "abc");
      submit();
      link.reply(await link.take("lvs_evt:draft"));
      link.reply(await link.take("lvs_evt:add"));
      await until(() => field().value === "");
      expect(events()).toEqual([
        ["draft", { q: "abc" }],
        ["add", { q: "abc" }],
      ]);
    });

    it("takes the place only of what was sent of the same field", async () => {
      const content = `<form :sendinput.debounce-60s="check"><input name="a"><input name="b"></form>`;
      const element = await show(content);
      for (const name of ["a", "b"]) for (const n of "12") type(field(`[name=${name}]`), n);
      element.live.dispatch("next");
      await sent("next");
      expect(events().slice(0, -1)).toEqual([
        ["check", { a: "2" }],
        ["check", { b: "2" }],
      ]);
    });

    it("sends by itself, the latest and not too many", async () => {
      await show(`<input name="q" :sendinput.debounce-10ms="draft"><b :sendclick.throttle-1="go">`);
      for (const text of ["a", "ab"]) type(field(), text);
      link.reply(await link.take("lvs_evt:draft"));
      for (const n of [1, 2, 3]) {
        get("b").dataset.n = `${n}`;
        click(get("b"));
      }
      link.reply(await link.take("lvs_evt:go"));
      await until(() => link.count("lvs_evt:go") === 2);
      expect(events()).toEqual([
        ["draft", { q: "ab" }],
        ["go", { n: "1" }],
        ["go", { n: "3" }],
      ]);
    });

    it("knows the other times of sprae's modifiers", async () => {
      await show(
        `<input name="q" :sendinput.delay-5="late"><b :sendclick.debounce-5-immediate="go">`,
      );
      click(get("b"));
      click(get("b"));
      type(field(), "a");
      await sent("late");
      expect(events()).toEqual([
        ["go", {}],
        ["late", { q: "a" }],
      ]);
    });
  });

  it("ends with its element", async () => {
    const element = await show(`<button :if="is_on" :sendclick="go"></button>`, { is_on: true });
    const button = get("button");
    await patch(element, { op: "replace", path: "/is_on", value: false });
    button.click();
    await patch(element, { op: "replace", path: "/is_on", value: true });
    get("button").click();
    await sent("go");
    expect(link.count("lvs_evt:go")).toBe(1);
  });
});

describe("a form", () => {
  const FORM = `<form :sendsubmit="add"><input name="title" :value="draft"></form>`;

  it("is busy until its event was handled, and then reset to the state", async () => {
    const element = await show(FORM, { draft: "" });
    type(field(), "milk");
    submit();
    submit();
    const push = await link.take("lvs_evt:add");
    expect(get("form").getAttribute("aria-busy")).toBe("true");
    await patch(element, { op: "replace", path: "/draft", value: "next" });
    expect(field().value).toBe("milk");
    link.reply(push);
    await until(() => field().value === "next");
    expect(get("form").hasAttribute("aria-busy")).toBe(false);
    expect(link.count("lvs_evt:add")).toBe(1);
  });

  it("keeps what it has when its event failed", async () => {
    await show(FORM, { draft: "" });
    type(field(), "milk");
    submit();
    link.reply(await link.take("lvs_evt:add"), { type: "ValueError", message: "no" }, "error");
    await until(() => !get("form").hasAttribute("aria-busy"));
    expect(field().value).toBe("milk");
  });

  it("keeps what was typed while its event was on the way", async () => {
    await show(FORM, { draft: "" });
    type(field(), "milk");
    submit();
    type(field(), "milk and tea");
    link.reply(await link.take("lvs_evt:add"));
    await until(() => !get("form").hasAttribute("aria-busy"));
    expect(field().value).toBe("milk and tea");
  });
});

describe(":value", () => {
  it("follows the state, but never over what was typed", async () => {
    const element = await show(`<input name="a" :value="a"><textarea :value="a"></textarea>`, {
      a: "1",
    });
    const area = get<HTMLTextAreaElement>("textarea");
    expect([field().value, area.value]).toEqual(["1", "1"]);
    type(field(), "typed");
    await patch(element, { op: "replace", path: "/a", value: "2" });
    expect([field().value, area.value]).toEqual(["typed", "2"]);
    field().value = field().defaultValue;
    await patch(element, { op: "replace", path: "/a", value: null });
    expect([field().value, area.value]).toEqual(["", ""]);
  });

  it("shows what the server made of what was sent when the field is left", async () => {
    const element = await show(`<input name="phone" :value="phone" :sendinput="set">`, {
      phone: "",
    });
    field().focus();
    type(field(), "555");
    const push = await link.take("lvs_evt:set");
    await patch(element, { op: "replace", path: "/phone", value: "(555)" });
    link.reply(push);
    const next = element.live.dispatch("next");
    link.reply(await link.take("lvs_evt:next"));
    await next;
    expect(field().value).toBe("555");
    field().blur();
    expect(field().value).toBe("(555)");
  });

  it("sets checkboxes, radio buttons and selects", async () => {
    const content = `<input type="checkbox" :value="done"><input type="radio" name="s" value="S" :value="size">
      <input type="radio" name="s" value="L" :value="size"><select id="one" :value="size"><option>S<option>L</select>
      <select id="many" multiple :value="sizes"><option :each="s in all" :text="s" :value="s"></select>`;
    const state = { done: true, size: "L", sizes: ["S", "L"], all: ["S", "M", "L"] };
    const element = await show(content, state);
    const shown = () => [
      field("[type=checkbox]").checked,
      field("[value=S]").checked,
      field("[value=L]").checked,
      get<HTMLSelectElement>("#one").value,
      [...get<HTMLSelectElement>("#many").options]
        .filter((one) => one.selected)
        .map((one) => one.value)
        .join(),
    ];
    await until(() => shown()[4] === "S,L");
    expect(shown()).toEqual([true, false, true, "L", "S,L"]);
    await patch(
      element,
      { op: "replace", path: "/done", value: false },
      { op: "replace", path: "/size", value: "S" },
      { op: "replace", path: "/sizes", value: ["M"] },
    );
    expect(shown()).toEqual([false, true, false, "S", "M"]);
  });

  describe("of radio buttons, which are one field", () => {
    const RADIOS = ["S", "M", "L"].map(
      (size) =>
        `<input type="radio" name="size" value="${size}" :value="row.size" :sendchange="choose">`,
    );
    const CONTENT = `<form :each="row in rows">${RADIOS.join("")}</form>`;
    const radios = () => all("input") as HTMLInputElement[];
    const chosen = () => radios().flatMap(({ checked, value }) => (checked ? value : []));
    const choose = (size: string, row = 0) => all(`[value=${size}]`)[row]?.click();
    const rows = [
      { id: 1, size: "M" },
      { id: 2, size: "M" },
    ];
    const setSize = (value: string, row = 0) => ({
      op: "replace",
      path: `/rows/${row}/size`,
      value,
    });

    it.each(["S", "L"])("moves to a pushed value (%s)", async (size) => {
      const element = await show(CONTENT, { rows });
      expect(chosen()).toEqual(["M", "M"]);
      await patch(element, setSize(size));
      expect(chosen()).toEqual([size, "M"]);
      await patch(element, setSize("M"), setSize(size, 1));
      expect(chosen()).toEqual(["M", size]);
    });

    it.each([
      ["S", "L"],
      ["L", "S"],
    ])("keeps what was chosen (%s) when another value (%s) is pushed", async (mine, pushed) => {
      const element = await show(CONTENT.replaceAll(':sendchange="choose"', ""), { rows });
      choose(mine);
      await patch(element, setSize(pushed), setSize(pushed, 1));
      expect(chosen()).toEqual([mine, pushed]);
      get<HTMLFormElement>("form").reset();
      expect(chosen()).toEqual([pushed, pushed]);
      choose("M");
      await patch(element, setSize(mine));
      expect(chosen()).toEqual(["M", pushed]);
      await patch(element, setSize("M"));
      await patch(element, setSize(pushed));
      expect(chosen()).toEqual([pushed, pushed]);
    });

    it("shows what the server made of a choice, unless there is a later one", async () => {
      const element = await show(CONTENT, { rows });
      choose("S");
      choose("L");
      await patch(element, setSize("S"));
      link.reply(await link.take("lvs_evt:choose"));
      const second = await link.take("lvs_evt:choose");
      expect(second.payload).toEqual({ size: "L" });
      expect(chosen()).toEqual(["L", "M"]);
      link.reply(second, { type: "ValueError", message: "no" }, "error");
      await until(() => chosen()[0] === "S");
      expect(chosen()).toEqual(["S", "M"]);
    });
  });

  it("gives a checkbox back its state when the event failed", async () => {
    await show(`<input type="checkbox" :value="done" :sendclick="toggle">`, { done: false });
    field().click();
    expect(field().checked).toBe(true);
    link.reply(await link.take("lvs_evt:toggle"), { type: "ValueError", message: "no" }, "error");
    await until(() => !field().checked);
  });

  it("sets the property of other elements", async () => {
    await show(`<p :value="items"></p>`, { items: [1] });
    expect(Reflect.get(get("p"), "value")).toEqual([1]);
  });
});

describe(":ref", () => {
  it("names an element for other expressions", async () => {
    const element = await show(`<input :ref="box"><button :onclick="box.value = 'set'"></button>`);
    get("button").click();
    expect(field().value).toBe("set");
    expect(textOf(element)).toBe("");
  });
});
