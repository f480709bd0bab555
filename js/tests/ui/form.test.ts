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

  it("is disabled while the connection is lost", async () => {
    const shown = await show();
    const fields = find<HTMLFieldSetElement>(shown.element, "fieldset");
    expect(fields.disabled).toBe(false);
    shown.link.close();
    await until(() => fields.disabled);
    await settled(shown.element);
  });
});
