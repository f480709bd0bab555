import { describe, expect, it } from "vitest";
import { live, server, useServer } from "../client";
import { find, textOf } from "../page";
import { until } from "../until";
import { answer, type Shown, settled, showLayout, useElements } from "./shown";

useServer();
useElements();

const rename = { kind: "text", path: ["title"], on: "rename" };
const box = (shown: Shown) => find<HTMLInputElement>(shown.element, "input, textarea");

function type(field: HTMLInputElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function press(field: HTMLElement, key: string, options: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  field.dispatchEvent(event);
  return event;
}

describe("a text", () => {
  it("is shown where it has no event", async () => {
    const shown = await showLayout(
      { kind: "text", path: ["title"], label: "Title" },
      { title: "a" },
    );
    expect(textOf(shown.element)).toBe("Title : a");
    await shown.replace("/title", 3.5);
    expect(textOf(shown.element)).toBe("Title : 3.5");
    await shown.replace("/title", null);
    expect(textOf(shown.element)).toBe("Title :");
    await shown.replace("/title", { a: 1 });
    expect(textOf(shown.element)).toBe('Title : {"a":1}');
  });

  it("follows another path, once it has that", async () => {
    const shown = await showLayout({ kind: "text", path: "a" }, { a: 1, b: 2 });
    const part = find<HTMLElement & { path: string }>(shown.element, "livestate-text");
    part.path = "b";
    await settled(shown.element);
    expect(textOf(part)).toBe("2");
    await shown.replace("/b", 1);
    expect(textOf(part)).toBe("1");
  });

  it("has a label made of its path", async () => {
    const plan = { ...rename, path: ["user", "first_name"] };
    const shown = await showLayout(plan, { user: { first_name: "Ann" } });
    expect(textOf(find(shown.element, "label"))).toBe("First name");
    expect(box(shown).id).toBe(find(shown.element, "label").getAttribute("for"));
  });

  it("is sent on Enter, with what the payload adds", async () => {
    const shown = await showLayout({ ...rename, payload: { id: 3 } }, { title: "a" });
    type(box(shown), "b");
    press(box(shown), "Enter");
    box(shown).dispatchEvent(new Event("change"));
    expect(await answer(shown.link, "rename")).toEqual({ id: 3, value: "b" });
    expect(shown.link.count("lvs_evt:rename")).toBe(1);
  });

  it("is sent when the field is left, and not if it is as before", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "a");
    box(shown).dispatchEvent(new Event("change"));
    type(box(shown), "b");
    box(shown).dispatchEvent(new Event("change"));
    expect(await answer(shown.link, "rename")).toEqual({ value: "b" });
    expect(shown.link.count("lvs_evt:rename")).toBe(1);
  });

  it("can go back to the old text before the answer", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "b");
    press(box(shown), "Enter");
    type(box(shown), "a");
    press(box(shown), "Enter");
    expect(await answer(shown.link, "rename")).toEqual({ value: "b" });
    expect(await answer(shown.link, "rename")).toEqual({ value: "a" });
  });

  it("follows the state, but never over what is typed and not sent", async () => {
    const shown = await showLayout(rename, { title: "a" });
    await shown.replace("/title", "b");
    expect(box(shown).value).toBe("b");
    type(box(shown), "bc");
    await shown.replace("/title", "x");
    expect(box(shown).value).toBe("bc");
    await settled(shown.element);
    expect(box(shown).className).toBe("unsent");
    expect(press(box(shown), "Escape").cancelBubble).toBe(true);
    await settled(shown.element);
    expect(box(shown).value).toBe("x");
    expect(box(shown).className).toBe("");
  });

  it("shows what was sent until that is answered, whatever comes before", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "b");
    press(box(shown), "Enter");
    await shown.replace("/title", "old");
    expect(box(shown).value).toBe("b");
    await answer(shown.link, "rename");
    await until(() => box(shown).value === "old");
  });

  it("keeps what was typed when its event failed, and says why", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "b");
    press(box(shown), "Enter");
    const error = { type: "refused", event: "rename", message: "Too short" };
    shown.link.reply(await shown.link.take("lvs_evt:rename"), error, "error");
    await until(() => textOf(shown.element).includes("Too short"));
    expect(box(shown).value).toBe("b");
    expect(box(shown).getAttribute("aria-invalid")).toBe("true");
    expect(box(shown).getAttribute("aria-describedby")).toBe("problem");
    expect(live.error).toBeNull(); // told here, so nowhere else
    press(box(shown), "Escape");
    await settled(shown.element);
    expect(textOf(shown.element)).toBe("Title");
    expect(box(shown).value).toBe("a");
  });

  it("does not take what was typed on back for an answer", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "b");
    press(box(shown), "Enter");
    type(box(shown), "bcd");
    await answer(shown.link, "rename");
    await shown.replace("/title", "b");
    expect(box(shown).value).toBe("bcd");
  });

  it("keeps the selection when it follows", async () => {
    const shown = await showLayout(rename, { title: "sunflower" });
    box(shown).focus();
    box(shown).setSelectionRange(3, 6);
    await shown.replace("/title", "sunflowers");
    expect(box(shown).value).toBe("sunflowers");
    expect([box(shown).selectionStart, box(shown).selectionEnd]).toEqual([3, 6]);
  });

  it("keeps all selected when it follows", async () => {
    const shown = await showLayout(rename, { title: "9 times" });
    box(shown).focus();
    box(shown).select();
    await shown.replace("/title", "10 times");
    expect([box(shown).selectionStart, box(shown).selectionEnd]).toEqual([0, 8]);
  });

  it("of several lines is sent with Ctrl+Enter", async () => {
    const shown = await showLayout({ ...rename, rows: 3 }, { title: "a" });
    expect(box(shown).localName).toBe("textarea");
    type(box(shown), "a\nb");
    expect(press(box(shown), "Enter").defaultPrevented).toBe(false);
    expect(press(box(shown), "Enter", { ctrlKey: true }).defaultPrevented).toBe(true);
    expect(await answer(shown.link, "rename")).toEqual({ value: "a\nb" });
    expect(shown.link.count("lvs_evt:rename")).toBe(1);
  });

  it("becomes one of several lines with its value, and keeps focus and selection", async () => {
    const shown = await showLayout(rename, { title: "abcdef" });
    box(shown).focus();
    box(shown).setSelectionRange(1, 3);
    await shown.replace("/title", "abc\ndef");
    expect(box(shown).localName).toBe("textarea");
    expect(box(shown).value).toBe("abc\ndef");
    const isFocused = () => (box(shown).getRootNode() as ShadowRoot).activeElement === box(shown);
    expect(isFocused()).toBe(true);
    expect([box(shown).selectionStart, box(shown).selectionEnd]).toEqual([1, 3]);
    type(box(shown), "abcdef");
    await settled(shown.element);
    expect(box(shown).localName).toBe("textarea"); // Enter does not change under the hand
    press(box(shown), "Enter", { ctrlKey: true });
    expect(await answer(shown.link, "rename")).toEqual({ value: "abcdef" });
    await shown.replace("/title", "abcdef");
    await until(() => box(shown).localName === "input");
    expect(box(shown).value).toBe("abcdef");
    expect(isFocused()).toBe(true);
    expect(shown.link.count("lvs_evt:rename")).toBe(1);
  });

  it("keeps the lines of what is pasted", async () => {
    const shown = await showLayout(rename, { title: "abcd" });
    const paste = (text: string) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text/plain", text);
      const event = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData });
      box(shown).dispatchEvent(event);
      return event.defaultPrevented;
    };
    box(shown).focus();
    box(shown).setSelectionRange(1, 3);
    expect(paste("one line\n")).toBe(false); // the browser does
    expect(paste("x\r\ny\nz")).toBe(true);
    await settled(shown.element);
    expect(box(shown).value).toBe("ax\ny\nzd");
    expect([box(shown).selectionStart, box(shown).selectionEnd]).toEqual([6, 6]);
    press(box(shown), "Enter", { ctrlKey: true });
    expect(await answer(shown.link, "rename")).toEqual({ value: "ax\ny\nzd" });
  });

  it("does not send what an input method is composing", async () => {
    const shown = await showLayout(rename, { title: "a" });
    type(box(shown), "ni");
    press(box(shown), "Enter", { isComposing: true });
    type(box(shown), "你");
    press(box(shown), "Enter");
    expect(await answer(shown.link, "rename")).toEqual({ value: "你" });
  });

  it("is disabled while the connection is lost, and gets its focus back", async () => {
    const shown = await showLayout(rename, { title: "a" });
    box(shown).focus();
    shown.link.close();
    await until(() => box(shown).disabled);
    expect(live.status).toBe("offline");
    box(shown).blur(); // as browsers do it
    await (await server.link()).accept({ title: "a" });
    await until(() => !box(shown).disabled);
    await settled(shown.element);
    expect((box(shown).getRootNode() as ShadowRoot).activeElement).toBe(box(shown));
  });
});

describe("a number", () => {
  const count = { kind: "number", path: ["count"], on: "set_count" };

  it("is shown where it has no event", async () => {
    const shown = await showLayout({ kind: "number", path: ["count"] }, { count: 1.5 });
    expect(textOf(shown.element)).toBe("1.5");
  });

  it.each([
    ["3", 3],
    ["-2.5", -2.5],
    ["0.5", 0.5],
    ["", null],
  ])("sends %j as %j", async (text, value) => {
    const shown = await showLayout(count, { count: 1 });
    type(box(shown), text);
    press(box(shown), "Enter");
    expect(await answer(shown.link, "set_count")).toEqual({ value });
  });

  it("is not sent when it is out of bounds, or not exact", async () => {
    const shown = await showLayout({ ...count, max: 1e300 }, { count: 1 });
    type(box(shown), "9007199254740993");
    press(box(shown), "Enter");
    await until(() => textOf(shown.element).includes("too many digits"));
    expect(find(shown.element, "#problem").getAttribute("role")).toBe("alert");
    type(box(shown), "2");
    press(box(shown), "Enter");
    expect(await answer(shown.link, "set_count")).toEqual({ value: 2 });
    expect(shown.link.count("lvs_evt:set_count")).toBe(1);
  });

  it("knows its bounds", async () => {
    const shown = await showLayout({ ...count, min: 0, max: 5, step: 1 }, { count: 1 });
    const { max, min, step } = box(shown);
    expect([min, max, step]).toEqual(["0", "5", "1"]);
    type(box(shown), "7");
    press(box(shown), "Enter");
    await until(() => box(shown).getAttribute("aria-invalid") === "true");
    expect(shown.link.count("lvs_evt:set_count")).toBe(0);
  });
});
