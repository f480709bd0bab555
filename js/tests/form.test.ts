import { expect, it } from "vitest";
import { readForm } from "../src/form";

function form(content: string): HTMLFormElement {
  document.body.innerHTML = `<form>${content}</form>`;
  return document.querySelector("form") as HTMLFormElement;
}

it("a field is a text, and fields of the same name a list", () => {
  const fields = form(`
    <input name="title" value="milk"><textarea name="note">cold</textarea>
    <input type="checkbox" name="tag" value="a" checked>
    <input type="checkbox" name="tag" value="b">
    <input type="checkbox" name="tag" value="c" checked>
    <select name="size"><option>S</option><option selected>L</option></select>
    <input value="nameless"><input name="off" value="x" disabled>`);
  expect(readForm(fields)).toEqual({ title: "milk", note: "cold", tag: ["a", "c"], size: "L" });
});

it("a select of many is a list, also when one is chosen", () => {
  const options = "<option selected>a</option><option>b</option>";
  const fields = form(`<select name="many" multiple>${options}</select>`);
  expect(readForm(fields)).toEqual({ many: ["a"] });
});

it("the button that submits takes part", () => {
  const fields = form(`<button name="do" value="save">Save</button>`);
  expect(readForm(fields, fields.querySelector("button"))).toEqual({ do: "save" });
});

it("a field may be called __proto__", () => {
  const payload = readForm(form(`<input name="__proto__" value="x">`));
  expect(JSON.stringify(payload)).toBe('{"__proto__":"x"}');
  expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
});

it("a file can't be sent, but a file field may be empty", () => {
  const fields = form(`<input type="file" name="photo"><input name="title" value="me">`);
  const input = fields.querySelector("input") as HTMLInputElement;
  expect(readForm(fields)).toEqual({ title: "me" });
  const transfer = new DataTransfer();
  transfer.items.add(new File(["x"], "me.png"));
  input.files = transfer.files;
  expect(() => readForm(fields)).toThrow('"photo" holds a file, and files can\'t be sent');
});
