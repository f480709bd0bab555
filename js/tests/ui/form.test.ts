import { describe, expect, it } from "vitest";
import type { FormField } from "../../src/ui/form-field";
import { live, useServer } from "../client";
import { find, findAll, submit, textOf } from "../page";
import { until } from "../until";
import { answer, type Shown, settled, showLayout, useElements } from "./shown";

useServer();
useElements();

const FIELDS: FormField[] = [
  { name: "title", label: "Title", control: "text", required: true, hint: "What to do" },
  { name: "note", label: "Note", control: "text", default: "none" },
  { name: "who", label: "Who", control: "text", nullable: true },
  { name: "hours", label: "Hours", control: "number", min: 0 },
  { name: "is_urgent", label: "Is urgent", control: "checkbox", default: true },
  {
    name: "size",
    label: "Size",
    control: "select",
    default: 1,
    options: [
      ["small", 1],
      ["large", 2],
    ],
  },
  { name: "due", label: "Due", control: "date", nullable: true, required: true },
  { name: "at", label: "At", control: "datetime" },
  { name: "tags", label: "Tags", control: "lines", default: ["a", "b"] },
  { name: "more", label: "More", control: "json" },
  {
    name: "place",
    label: "Place",
    control: "group",
    required: true,
    fields: [{ name: "title", label: "City", control: "text" }],
  },
];

const show = () =>
  showLayout(
    { kind: "form", on: "add", submit: "Add", label: "New", fields: FIELDS, payload: { list: 1 } },
    {},
  );
const control = <T extends HTMLElement = HTMLInputElement>(shown: Shown, name: string) =>
  find<T>(shown.element, `[name="${name}"]`);
const send = (shown: Shown) => submit(find(shown.element, "form"));

describe("a form", () => {
  it("has a labelled control for each field", async () => {
    const shown = await show();
    expect(textOf(find(shown.element, "legend"))).toBe("New");
    for (const node of findAll(shown.element, "input, select, textarea")) {
      const name = node.getAttribute("name");
      expect(node.closest("label") ?? find(shown.element, `label[for="${name}"]`)).not.toBeNull();
    }
    const title = control(shown, "title");
    expect(title.required).toBe(true);
    const hint = title.getAttribute("aria-describedby") as string;
    expect(hint).not.toContain(" "); // it would be two
    expect(textOf(find(shown.element, `[id="${hint}"]`))).toBe("What to do");
    expect(control(shown, "due").required).toBe(false);
    expect(control(shown, "place/title").type).toBe("text");
    expect(textOf(find(shown.element, "button"))).toBe("Add");
  });

  it("begins with the defaults, and sends each value in its type", async () => {
    const shown = await show();
    control(shown, "title").value = "milk";
    send(shown);
    expect(await answer(shown.link, "add")).toEqual({
      list: 1,
      title: "milk",
      note: "none",
      who: null,
      is_urgent: true,
      size: 1,
      due: null,
      tags: ["a", "b"],
      place: {},
    });
    await until(() => control(shown, "title").value === ""); // it is reset
    control(shown, "note").value = "";
    control(shown, "who").value = "Ann";
    control(shown, "hours").value = "2.5";
    control(shown, "is_urgent").checked = false;
    const size = control<HTMLSelectElement & HTMLInputElement>(shown, "size");
    size.selectedIndex = [...size.options].findIndex(({ text }) => text === "large");
    control(shown, "due").value = "2026-05-01";
    control(shown, "at").value = "2026-05-01T10:30";
    control(shown, "tags").value = "x\n\n y";
    control(shown, "more").value = '{"a": [1]}';
    control(shown, "place/title").value = "Arles";
    send(shown);
    expect(await answer(shown.link, "add")).toEqual({
      list: 1,
      note: "",
      who: "Ann",
      hours: 2.5,
      is_urgent: false,
      size: 2,
      due: "2026-05-01",
      at: "2026-05-01T10:30:00",
      tags: ["x", " y"],
      more: { a: [1] },
      place: { title: "Arles" },
    });
  });

  it("sends nothing while one of its controls can't be read", async () => {
    const shown = await show();
    const more = control(shown, "more");
    more.value = "{a";
    send(shown);
    expect(more.validationMessage).toMatch(/^This is not JSON/);
    more.value = "1";
    more.dispatchEvent(new Event("input"));
    expect(more.validationMessage).toBe("");
    send(shown);
    expect((await answer(shown.link, "add")).more).toBe(1);
    expect(shown.link.count("lvs_evt:add")).toBe(1);
  });

  it("stays as it is when its event failed, and says why", async () => {
    const shown = await show();
    control(shown, "title").value = "milk";
    send(shown);
    const error = { type: "invalid payload", event: "add", message: "Too long at '/title'" };
    shown.link.reply(await shown.link.take("lvs_evt:add"), error, "error");
    await until(() => textOf(shown.element).includes("Too long at '/title'"));
    expect(find(shown.element, ".wrong").getAttribute("role")).toBe("alert");
    expect(control(shown, "title").value).toBe("milk");
    expect(live.error).toBeNull();
    send(shown);
    await answer(shown.link, "add");
    await until(() => findAll(shown.element, ".wrong").length === 0);
  });

  it("is sent once until the answer, and keeps what is typed meanwhile", async () => {
    const shown = await show();
    control(shown, "title").value = "milk";
    send(shown);
    send(shown);
    control(shown, "title").value = "bread";
    expect((await answer(shown.link, "add")).title).toBe("milk");
    await until(() => !find(shown.element, "form").hasAttribute("aria-busy"));
    await settled(shown.element);
    expect(control(shown, "title").value).toBe("bread");
    expect(shown.link.count("lvs_evt:add")).toBe(1);
    send(shown);
    expect((await answer(shown.link, "add")).title).toBe("bread");
    await until(() => control(shown, "title").value === "");
  });

  describe("with what can be left out or be null", () => {
    const city: FormField = { name: "city", label: "City", control: "text", required: true };
    const yesOrNo: FormField["options"] = [
      ["yes", true],
      ["no", false],
    ];
    const circle: FormField[] = [
      { name: "type", label: "Type", control: "constant", default: "circle" },
      { name: "r", label: "R", control: "number", required: true },
    ];
    const square: FormField[] = [
      { name: "type", label: "Type", control: "constant", default: "square" },
      { name: "side", label: "Side", control: "number", default: 2 },
    ];
    const place: FormField = {
      name: "place",
      label: "Place",
      control: "group",
      nullable: true,
      optional: true,
      fields: [city],
    };
    const shape: FormField = {
      name: "shape",
      label: "Shape",
      control: "variants",
      nullable: true,
      variants: [
        ["Circle", circle],
        ["Square", square],
      ],
    };
    const showFields = (...fields: FormField[]) =>
      showLayout({ kind: "form", on: "add", submit: "Add", fields }, {});
    const sent = (shown: Shown) => {
      send(shown);
      return answer(shown.link, "add");
    };
    const change = (node: HTMLElement) => node.dispatchEvent(new Event("change"));
    const isReset = (shown: Shown) =>
      until(() => !find(shown.element, "form").hasAttribute("aria-busy"));

    it("includes a group only if that is chosen, and closes it after a reset", async () => {
      const left: FormField = { ...place, name: "left", nullable: false };
      const begun: FormField = { ...place, name: "begun", default: { city: "Arles" } };
      const shown = await showFields(place, left, {
        ...begun,
        fields: [{ ...city, default: "Arles" }],
      });
      const included = control(shown, "place");
      const group = included.closest("fieldset") as HTMLFieldSetElement;
      expect(group.disabled).toBe(true);
      expect(textOf(included.closest("label") as HTMLElement)).toBe("Place");
      expect(await sent(shown)).toEqual({ place: null, begun: { city: "Arles" } });
      await isReset(shown);
      included.checked = true;
      change(included);
      expect(group.disabled).toBe(false);
      control(shown, "place/city").value = "Auvers";
      control(shown, "begun").checked = false;
      change(control(shown, "begun"));
      expect(await sent(shown)).toEqual({ place: { city: "Auvers" }, begun: null });
      await until(() => group.disabled);
      expect(included.checked).toBe(false);
      expect(control(shown, "begun").closest("fieldset")?.disabled).toBe(false);
    });

    it("offers the classes of a union, each with its fields", async () => {
      const shown = await showFields(shape, {
        ...shape,
        name: "other",
        chosen: 0,
        variants: [["Square", square]],
      });
      const choice = control<HTMLSelectElement & HTMLInputElement>(shown, "shape");
      const groups = findAll(shown.element, "[data-variant]") as HTMLFieldSetElement[];
      const open = () => groups.map((one) => !one.disabled);
      expect(open()).toEqual([false, false, true]);
      expect(await sent(shown)).toEqual({ shape: null, other: { type: "square", side: 2 } });
      await isReset(shown);
      choice.value = "0";
      change(choice);
      expect(open()).toEqual([true, false, true]);
      control(shown, "shape/0/r").value = "1.5";
      control(shown, "other/0/side").value = "";
      expect(await sent(shown)).toEqual({
        shape: { type: "circle", r: 1.5 },
        other: { type: "square" },
      });
      await until(() => open()[0] === false);
    });

    it("tells null from false, and from an empty list", async () => {
      const shown = await showFields(
        { name: "sure", label: "Sure", control: "select", nullable: true, options: yesOrNo },
        { name: "tags", label: "Tags", control: "lines", nullable: true },
        { name: "none", label: "None", control: "lines", nullable: true, default: [] },
      );
      expect(await sent(shown)).toEqual({ sure: null, tags: null, none: [] });
      await isReset(shown);
      control(shown, "sure").value = "1";
      control(shown, "tags").value = "a";
      expect(await sent(shown)).toEqual({ sure: false, tags: ["a"], none: [] });
    });
  });

  it("sends what was not changed as it was, whatever a control shows of it", async () => {
    const at = "2026-05-01T10:30:00.123456";
    const fields: FormField[] = [
      { name: "at", label: "At", control: "datetime", default: at },
      { name: "there", label: "There", control: "datetime", zoned: true, default: `${at}Z` },
      { name: "alarm", label: "Alarm", control: "time", default: "10:30:05.5" },
      { name: "note", label: "Note", control: "text", default: "one\r\ntwo" },
      { name: "tags", label: "Tags", control: "lines", default: ["a\nb", ""] },
    ];
    const shown = await showLayout({ kind: "form", on: "add", submit: "Add", fields }, {});
    expect(control(shown, "note").localName).toBe("textarea");
    send(shown);
    expect(await answer(shown.link, "add")).toEqual(
      Object.fromEntries(fields.map(({ name, default: value }) => [name, value])),
    );
    await until(() => !find(shown.element, "form").hasAttribute("aria-busy"));
    control(shown, "at").value = "2026-05-01T10:31";
    control(shown, "there").value = "2026-05-01T10:31";
    control(shown, "note").value = "one\ntwo\nthree";
    send(shown);
    const payload = await answer(shown.link, "add");
    expect(payload).toMatchObject({ at: "2026-05-01T10:31:00", note: "one\ntwo\nthree" });
    expect(payload.there).toMatch(/^2026-05-01T10:31:00[+-]\d\d:\d\d$/);
    expect(new Date(payload.there)).toEqual(new Date("2026-05-01T10:31:00"));
    const hint = control(shown, "there").getAttribute("aria-describedby");
    expect(textOf(find(shown.element, `[id="${hint}"]`))).toMatch(/^Time zone: /);
  });

  it("is disabled while the connection is lost", async () => {
    const shown = await show();
    const fields = find<HTMLFieldSetElement>(shown.element, "fieldset");
    expect(fields.disabled).toBe(false);
    shown.link.close();
    await until(() => fields.disabled);
    await settled(shown.element);
  });
});
