import { describe, expect, it } from "vitest";
import { live, useServer } from "../client";
import { find, findAll, textOf } from "../page";
import { until } from "../until";
import { answer, type Shown, settled, showLayout, useElements } from "./shown";

useServer();
useElements();

function choose(shown: Shown, label: string): void {
  const select = find<HTMLSelectElement>(shown.element, "select");
  select.selectedIndex = [...select.options].findIndex((option) => option.text === label);
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

const chosen = ({ element }: Shown) => {
  const select = find<HTMLSelectElement>(element, "select");
  return select.options[select.selectedIndex]?.text;
};

describe("a select", () => {
  const plan = {
    kind: "select",
    path: ["size"],
    on: "resize",
    options: [1, 3, null],
    labels: ["small", "large", "any"],
  };

  it("shows what is chosen and sends what its labels stand for", async () => {
    const shown = await showLayout(plan, { size: 3 });
    expect(chosen(shown)).toBe("large");
    choose(shown, "small");
    await shown.replace("/size", null);
    expect(chosen(shown)).toBe("small"); // not answered yet
    expect(await answer(shown.link, "resize")).toEqual({ value: 1 });
    await until(() => chosen(shown) === "any");
  });

  it("shows a value that is none of its options", async () => {
    const shown = await showLayout(plan, { size: 7 });
    expect(chosen(shown)).toBe("7");
    await shown.replace("/size", 1);
    expect(chosen(shown)).toBe("small");
    expect(findAll(shown.element, "option")).toHaveLength(3);
  });

  it("takes its options from the state", async () => {
    const listed = { kind: "select", path: ["size"], on: "resize", optionsPath: ["sizes"] };
    const shown = await showLayout(listed, { size: "m", sizes: ["s", "m"] });
    await shown.replace("/sizes", ["l", "m", "s"]);
    expect(chosen(shown)).toBe("m");
    choose(shown, "l");
    expect(await answer(shown.link, "resize")).toEqual({ value: "l" });
  });

  it("takes labels from an object, and lists in a list for values", async () => {
    const listed = { kind: "select", path: ["size"], on: "resize", optionsPath: ["sizes"] };
    const shown = await showLayout(listed, {
      size: ["m", 2],
      sizes: [
        ["s", 1],
        ["m", 2],
      ],
    });
    expect(chosen(shown)).toBe('["m",2]');
    choose(shown, '["s",1]');
    expect(await answer(shown.link, "resize")).toEqual({ value: ["s", 1] });
    await shown.replace("/sizes", { Small: ["s", 1], Medium: ["m", 2] });
    expect(chosen(shown)).toBe("Medium");
    choose(shown, "Small");
    expect(await answer(shown.link, "resize")).toEqual({ value: ["s", 1] });
    const select = find<HTMLElement & { options: object }>(shown.element, "livestate-select");
    Object.assign(select, { optionsPath: undefined, options: { All: ["m", 2] } });
    await settled(shown.element);
    expect(chosen(shown)).toBe("All");
  });

  it("goes back to the state when its event failed", async () => {
    const shown = await showLayout(plan, { size: 3 });
    choose(shown, "small");
    const error = { type: "refused", event: "resize", message: "No" };
    shown.link.reply(await shown.link.take("lvs_evt:resize"), error, "error");
    await until(() => chosen(shown) === "large");
    expect(live.error?.message).toBe("No");
  });
});

describe("a checkbox", () => {
  it("sends true and false, and follows the state", async () => {
    const plan = { kind: "checkbox", path: ["done"], on: "set_done", label: "Done" };
    const shown = await showLayout(plan, { done: false });
    const box = find<HTMLInputElement>(shown.element, "input");
    expect(textOf(box.closest("label") as HTMLElement)).toBe("Done");
    box.checked = true;
    box.dispatchEvent(new Event("change"));
    expect(await answer(shown.link, "set_done")).toEqual({ value: true });
    await until(() => !box.checked); // the handler did not agree
    await shown.replace("/done", true);
    expect(box.checked).toBe(true);
  });
});

describe("a slider", () => {
  const plan = { kind: "slider", path: ["volume"], on: "set_volume", max: 11 };

  function slide(shown: Shown, value: number): void {
    const range = find<HTMLInputElement>(shown.element, "input");
    range.value = `${value}`;
    range.dispatchEvent(new Event("input", { bubbles: true }));
  }

  it("sends the first value and the last, one at a time", async () => {
    const shown = await showLayout(plan, { volume: 2 });
    const range = find<HTMLInputElement>(shown.element, "input");
    expect([range.min, range.max, range.step, range.value]).toEqual(["0", "11", "1", "2"]);
    for (const value of [3, 4, 5, 6]) slide(shown, value);
    await settled(shown.element);
    expect(textOf(find(shown.element, ".value"))).toBe("6");
    expect(await answer(shown.link, "set_volume")).toEqual({ value: 3 });
    expect(await answer(shown.link, "set_volume")).toEqual({ value: 6 });
    expect(shown.link.count("lvs_evt:set_volume")).toBe(2);
  });

  it("sends the last value when it is taken away", async () => {
    const shown = await showLayout(plan, { volume: 2 });
    for (const value of [3, 4]) slide(shown, value);
    live.connect(shown);
    shown.element.remove();
    expect(await answer(shown.link, "set_volume")).toEqual({ value: 3 });
    expect(await answer(shown.link, "set_volume")).toEqual({ value: 4 });
    live.disconnect(shown);
  });

  it("does not move under the hand", async () => {
    const shown = await showLayout(plan, { volume: 2 });
    const range = find<HTMLInputElement>(shown.element, "input");
    slide(shown, 9);
    await shown.replace("/volume", 3);
    expect(range.value).toBe("9");
    await answer(shown.link, "set_volume");
    await until(() => range.value === "3");
    expect(textOf(find(shown.element, ".value"))).toBe("3");
  });
});

describe("a button", () => {
  it("sends its payload", async () => {
    const plan = { kind: "button", label: "Remove", on: "remove", payload: { id: 3 } };
    const shown = await showLayout(plan, {});
    const button = find<HTMLButtonElement>(shown.element, "button");
    expect(textOf(button)).toBe("Remove");
    button.click();
    expect(await answer(shown.link, "remove")).toEqual({ id: 3 });
  });

  it("does nothing more, and keeps the focus, until it is answered", async () => {
    const shown = await showLayout({ kind: "button", label: "Go", on: "go" }, {});
    const button = find<HTMLButtonElement>(shown.element, "button");
    button.focus();
    for (let n = 0; n < 2; n += 1) {
      button.click();
      button.click();
      await until(() => button.getAttribute("aria-disabled") === "true");
      button.click();
      expect((button.getRootNode() as ShadowRoot).activeElement).toBe(button);
      await answer(shown.link, "go");
      await until(() => !button.hasAttribute("aria-disabled"));
    }
    expect(shown.link.count("lvs_evt:go")).toBe(2);
  });

  it("is disabled while the connection is lost", async () => {
    const shown = await showLayout({ kind: "button", label: "Go", on: "go" }, {});
    const button = find<HTMLButtonElement>(shown.element, "button");
    expect(button.disabled).toBe(false);
    shown.link.close();
    await until(() => button.disabled);
  });
});
