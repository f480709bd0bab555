import { expect, it } from "vitest";
import { find, findAll, textOf } from "./page";
import { kernel, show, usePage } from "./shown";
import { until } from "./until";

usePage();

/** The source of an element with a form. */
const form = (title: string, extra = "") => `
  import { html } from "lit";
  import { LiveElement } from "livestate-nb";
  export default class extends LiveElement {
    render(state) {
      return html\`<h1>${title}</h1>
        <input name="tag" .value=\${state.tag}>
        <input name="item"><input name="item">
        <input name="done" type="checkbox"><textarea id="text"></textarea>
        <select name="size"><option>small</option><option>large</option></select>
        ${extra}\`;
    }
  }`;

async function showForm() {
  const shown = show({ element: "typed-form", source: form("Old") });
  await (await kernel.link()).accept({ tag: "x" });
  await until(() => textOf(shown.el).startsWith("Old"));
  return shown;
}

function type(control: HTMLElement, value: string | boolean): void {
  Object.assign(control, typeof value === "string" ? { value } : { checked: value });
  control.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
}

/** What the display put off is done when what was put off later is. */
const filled = () => new Promise((resolve) => setTimeout(resolve));

const values = (el: HTMLElement) =>
  findAll(el, "input, textarea, select").map((control) =>
    control.matches("[type=checkbox]")
      ? (control as HTMLInputElement).checked
      : (control as HTMLInputElement).value,
  );

it("what was typed, and the focus, go over to the element in its place", async () => {
  const { el, model } = await showForm();
  const [, , second] = findAll(el, "input") as HTMLInputElement[];
  if (!second) throw new Error("there is no second item");
  type(second, "half a ti");
  type(find(el, "[name=done]"), true);
  type(find(el, "textarea"), "some text");
  type(find(el, "select"), "large");
  second.focus();
  second.setSelectionRange(2, 6);
  model.update({ source: form("New", "<input name='more'>") });
  await until(() => textOf(el).startsWith("New"));
  await until(() => values(el)[2] === "half a ti");
  expect(values(el)).toEqual(["x", "", "half a ti", true, "some text", "large", ""]);
  const next = findAll(el, "input")[2] as HTMLInputElement;
  expect((next.getRootNode() as ShadowRoot).activeElement).toBe(next);
  expect([next.selectionStart, next.selectionEnd]).toEqual([2, 6]);
  model.update({ source: form("Third") });
  await until(() => textOf(el).startsWith("Third"));
  await until(() => values(el)[2] === "half a ti");
});

it("the focus goes over to an element without a shadow root", async () => {
  const source = (title: string) =>
    form(title).replace("render(state)", "createRenderRoot() { return this; } render(state)");
  const { el, model } = show({ element: "typed-form", source: source("Old") });
  await (await kernel.link()).accept({ tag: "x" });
  await until(() => textOf(el).startsWith("Old"));
  const old = find(el, "textarea");
  old.focus();
  model.update({ source: source("New") });
  await until(() => textOf(el).startsWith("New"));
  const next = find(el, "textarea");
  await until(() => (next.getRootNode() as ShadowRoot).activeElement === next);
  expect(next).not.toBe(old);
});

it("what the element has put there is its own affair, and so is what was sent", async () => {
  const { el, model } = await showForm();
  const [tag, first] = findAll(el, "input") as HTMLInputElement[];
  if (!tag || !first) throw new Error("there are no inputs");
  type(first, "typed");
  type(first, "");
  const other = form("New").replace("state.tag", "state.tag + '!'");
  model.update({ source: other });
  await until(() => textOf(el).startsWith("New"));
  await filled();
  expect(values(el).slice(0, 2)).toEqual(["x!", ""]);
});

it("the focus is not taken from elsewhere", async () => {
  const { el, model } = await showForm();
  const outside = document.body.appendChild(document.createElement("input"));
  outside.focus();
  model.update({ source: form("New") });
  await until(() => textOf(el).startsWith("New"));
  await filled();
  expect(document.activeElement).toBe(outside);
});
