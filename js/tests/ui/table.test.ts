import { describe, expect, it } from "vitest";
import type { Json } from "../../src/json";
import { useServer } from "../client";
import { find, findAll, raise, textOf } from "../page";
import { until } from "../until";
import { answer, type Shown, settled, showLayout, useElements } from "./shown";

useServer();
useElements();

const PLAN = { kind: "table", path: ["rows"] };
const rowsOf = (count: number): Json[] =>
  Array.from({ length: count }, (_, n) => ({ id: `k${n}`, name: `row ${n}`, size: (n * 7) % 10 }));

/** Shows a table, whose code comes by itself. */
async function showTable(plan: object, rows: Json): Promise<Shown & { grid: HTMLElement }> {
  const shown = await showLayout({ ...PLAN, ...plan }, { rows });
  await until(() => findAll(shown.element, "table").length === 1);
  await settled(shown.element);
  return { ...shown, grid: find(shown.element, "table") };
}

/** Returns the text of what is rendered, by rows. */
const shownIn = (node: Node): string[] => findAll(node, "tbody tr").map(textOf);
const column = (node: Node, n: number): string[] =>
  findAll(node, "tbody tr").map((row) => textOf(row.children[n] as Node));

async function press(shown: { element: HTMLElement; grid: HTMLElement }, ...keys: string[]) {
  for (const name of keys) {
    const [key = "", ctrl] = name.split("+").reverse();
    shown.grid.dispatchEvent(
      new KeyboardEvent("keydown", { key: key || " ", ctrlKey: ctrl === "Ctrl", bubbles: true }),
    );
    await settled(shown.element);
  }
}

function active(grid: HTMLElement): string {
  const id = grid.getAttribute("aria-activedescendant");
  return id === null ? "none" : textOf(grid.querySelector(`[id="${id}"]`) as Node);
}

describe("a table", () => {
  it("shows the rows with the columns that they have", async () => {
    const { element, grid, replace } = await showTable({}, [
      { id: 1, first_name: "Ann", ok: true },
      { id: 20, first_name: null, ok: false },
    ]);
    expect(findAll(element, "th").map(textOf)).toEqual(["Id", "First name", "Ok"]);
    expect(shownIn(element)).toEqual(["1 Ann ✓", "20 – ✗"]);
    expect(grid.getAttribute("aria-rowcount")).toBe("3");
    expect(grid.getAttribute("aria-label")).toBe("Rows");
    expect(findAll(element, "td.number").map(textOf)).toEqual(["1", "20"]);
    expect(findAll(element, "[role=img]").map((one) => one.getAttribute("aria-label"))).toEqual([
      "yes",
      "nothing",
      "no",
    ]);
    await replace("/rows", []);
    expect(shownIn(element)).toEqual(["No rows"]);
    await replace("/rows", null);
    expect(textOf(element)).toBe("Rows : no list of rows, but null");
  });

  it("shows the columns that are given, of dicts or of whatever there is", async () => {
    const { element } = await showTable({ columns: ["b", ["Of A", "a"]] }, [{ a: 1, b: 2 }, "x"]);
    expect(findAll(element, "th").map(textOf)).toEqual(["B", "Of A"]);
    expect(shownIn(element)).toEqual(["2 1", "– –"]);
  });

  it("cuts long texts, and has all of them in a title", async () => {
    const long = "a long text ".repeat(10);
    const { element } = await showTable({}, [{ long, short: "x", at: "2026-11-24T10:00:03Z" }]);
    expect(findAll(element, "td").map((one) => one.getAttribute("title"))).toEqual([
      long,
      null,
      null,
    ]);
  });

  it("renders only what is visible, and says which rows those are", async () => {
    const { element } = await showTable({ rows: 5 }, rowsOf(5_000));
    const rendered = () => findAll(element, "tbody tr");
    expect(rendered()).toHaveLength(17);
    const scroller = find(element, ".scroller");
    const height = Number.parseFloat(scroller.style.getPropertyValue("--_row"));
    scroller.scrollTop = height * 2_500;
    scroller.dispatchEvent(new Event("scroll"));
    await settled(element);
    expect(rendered()).toHaveLength(17);
    expect(rendered()[6]?.getAttribute("aria-rowindex")).toBe("2502");
    expect(textOf(rendered()[6] as Node)).toBe("k2500 row 2500 0");
    scroller.scrollTop = height * 5_000;
    scroller.dispatchEvent(new Event("scroll"));
    await settled(element);
    expect(textOf(rendered().at(-1) as Node)).toContain("row 4999");
  });

  it("keeps the node of a row that a patch moves", async () => {
    const rows = rowsOf(3);
    const { element, replace } = await showTable({}, rows);
    const [, second] = findAll(element, "tbody tr");
    await replace("/rows", [{ id: "new" }, rows[1], rows[0]]);
    expect(findAll(element, "tbody tr")[1]).toBe(second);
  });

  it("shows rows whose keys are there twice", async () => {
    const { element, replace } = await showTable({}, [{ id: 1 }, { id: 1 }, { id: 2 }]);
    expect(shownIn(element)).toEqual(["1", "1", "2"]);
    await replace("/rows", [{ id: 2 }, { id: 2 }, { id: 1 }]);
    expect(shownIn(element)).toEqual(["2", "2", "1"]);
  });
});

describe("the order of a table", () => {
  it("is upwards, downwards and as it was with each click on a header", async () => {
    const { element, replace } = await showTable({ columns: ["size"] }, rowsOf(4));
    const head = () => find(element, "th");
    const click = async () => {
      find(element, "th button").click();
      await settled(element);
      return [column(element, 0), head().getAttribute("aria-sort")];
    };
    expect(head().getAttribute("aria-sort")).toBe("none");
    expect(await click()).toEqual([["0", "1", "4", "7"], "ascending"]);
    expect(await click()).toEqual([["7", "4", "1", "0"], "descending"]);
    await replace("/rows/0/size", 5);
    expect(column(element, 0)).toEqual(["7", "5", "4", "1"]);
    expect(await click()).toEqual([["5", "7", "4", "1"], "none"]);
  });

  it("is chosen by keyboard too", async () => {
    const shown = await showTable({}, rowsOf(3));
    await press(shown, "ArrowUp", "ArrowRight", "ArrowRight");
    expect(active(shown.grid)).toBe("Size");
    await press(shown, "Enter", "Enter");
    expect(active(shown.grid)).toBe("Size ↓");
    expect(column(shown.element, 2)).toEqual(["7", "4", "0"]);
  });
});

describe("the active cell of a table", () => {
  it("goes by keyboard, as far as there are cells, and is always rendered", async () => {
    const shown = await showTable({ rows: 5 }, rowsOf(100));
    const { grid } = shown;
    expect(active(grid)).toBe("k0");
    await press(shown, "ArrowDown", "ArrowRight");
    expect(active(grid)).toBe("row 1");
    await press(shown, "PageDown", "End");
    expect(active(grid)).toBe("5");
    await press(shown, "Ctrl+End", "ArrowDown", "Home");
    expect(active(grid)).toBe("k99");
    await press(shown, "Ctrl+Home", "ArrowLeft");
    expect(active(grid)).toBe("k0");
  });

  it("stays at its row whatever comes before that, and in its place when that goes", async () => {
    const rows = rowsOf(4);
    const shown = await showTable({}, rows);
    await press(shown, "ArrowDown", "ArrowDown");
    await shown.replace("/rows", [{ id: "new" }, ...rows]);
    expect(active(shown.grid)).toBe("k2");
    await shown.replace("/rows", [rows[0], rows[3]]);
    expect(active(shown.grid)).toBe("k3");
    await shown.replace("/rows", []);
    expect(active(shown.grid)).toBe("none");
  });
});

describe("selecting a row", () => {
  it("dispatches its key, by click and by keyboard, and survives patches", async () => {
    const rows = rowsOf(3);
    const shown = await showTable({ onSelect: "choose", payload: { of: "it" } }, rows);
    const selected = () => findAll(shown.element, "tr[aria-selected=true]").map(textOf);
    findAll(shown.element, "td")[4]?.click();
    await settled(shown.element);
    expect(await answer(shown.link, "choose")).toEqual({ of: "it", value: "k1" });
    expect(selected()).toEqual(["k1 row 1 7"]);
    await shown.replace("/rows", [{ id: "new" }, rows[2], { ...rows[1], size: 100 }]);
    expect(selected()).toEqual(["k1 row 1 100"]);
    await press(shown, "ArrowUp", "");
    expect(await answer(shown.link, "choose")).toEqual({ of: "it", value: "k2" });
    expect(selected()).toEqual(["k2 row 2 4"]);
  });

  it("is taken back when it was refused, unless another was selected", async () => {
    const shown = await showTable({ onSelect: "choose" }, rowsOf(3));
    const selected = () => findAll(shown.element, "tr[aria-selected=true]").map(textOf);
    const click = (line: number) =>
      findAll(shown.element, "tbody tr")[line]?.querySelector("td")?.click();
    click(0);
    await answer(shown.link, "choose");
    click(1);
    await settled(shown.element);
    expect(selected()).toEqual(["k1 row 1 7"]);
    await raise(shown.link, "choose", "not that one");
    await until(() => selected()[0] === "k0 row 0 0");
    click(1);
    click(2);
    await raise(shown.link, "choose", "not that one");
    await answer(shown.link, "choose");
    await settled(shown.element);
    expect(selected()).toEqual(["k2 row 2 4"]);
    click(0);
    click(1);
    await raise(shown.link, "choose", "not that one");
    await raise(shown.link, "choose", "nor that one");
    await until(() => selected()[0] === "k2 row 2 4");
  });

  it("takes the place of rows that have no key", async () => {
    const shown = await showTable({ onSelect: "choose", key: "no" }, rowsOf(3));
    findAll(shown.element, "td")[8]?.click();
    expect(await answer(shown.link, "choose")).toEqual({ value: 2 });
  });

  it("is not offered without an event", async () => {
    const { element } = await showTable({}, rowsOf(1));
    findAll(element, "td")[0]?.click();
    await settled(element);
    expect(find(element, "tbody tr").hasAttribute("aria-selected")).toBe(false);
  });
});

describe("editing a cell", () => {
  const rows = [{ id: 7, name: "Ann", size: 1.5, ok: false, more: [1] }];
  const box = (node: Node) => find<HTMLInputElement>(node, "td input");

  async function type(shown: Shown, text: string, key = "Enter") {
    box(shown.element).value = text;
    box(shown.element).dispatchEvent(new Event("input"));
    box(shown.element).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await settled(shown.element);
  }

  it("dispatches what was typed, in its type", async () => {
    const shown = await showTable({ onEdit: "set" }, rows);
    await press(shown, "ArrowRight", "Enter");
    expect(box(shown.element).value).toBe("Ann");
    await type(shown, "Bob");
    expect(await answer(shown.link, "set")).toEqual({ key: 7, column: "name", value: "Bob" });
    await until(() => findAll(shown.element, "td input").length === 0);
    await press(shown, "ArrowRight", "F2");
    await type(shown, "3");
    expect(await answer(shown.link, "set")).toEqual({ key: 7, column: "size", value: 3 });
    await until(() => findAll(shown.element, "td input").length === 0);
    await press(shown, "ArrowRight", "Enter");
    expect(await answer(shown.link, "set")).toEqual({ key: 7, column: "ok", value: true });
  });

  it("is given up with Escape, and not sent unchanged", async () => {
    const shown = await showTable({ onEdit: "set" }, rows);
    await press(shown, "ArrowRight", "Enter");
    await type(shown, "Bob", "Escape");
    expect(shownIn(shown.element)).toEqual(["7 Ann 1.5 ✗ [1]"]);
    await press(shown, "Enter");
    await type(shown, "Ann");
    expect(findAll(shown.element, "td input")).toEqual([]);
    await press(shown, "Enter");
    await type(shown, "Cid");
    expect((await answer(shown.link, "set")).value).toBe("Cid");
  });

  it("goes on after clicks in its field, which select no row", async () => {
    const shown = await showTable({ onEdit: "set", onSelect: "choose" }, rows);
    await press(shown, "ArrowRight", "F2");
    box(shown.element).value = "Bob";
    box(shown.element).dispatchEvent(new Event("input"));
    for (const type of ["click", "dblclick"]) {
      box(shown.element).dispatchEvent(new MouseEvent(type, { bubbles: true }));
      await settled(shown.element);
    }
    expect(box(shown.element).value).toBe("Bob");
    await type(shown, "Bobby");
    expect((await answer(shown.link, "set")).value).toBe("Bobby");
    expect(shown.link.count("lvs_evt:choose")).toBe(0);
  });

  it("keeps the lines of a text", async () => {
    const shown = await showTable({ onEdit: "set" }, [{ id: 7, name: "one\r\ntwo" }]);
    await press(shown, "ArrowRight", "Enter");
    const lines = () => find<HTMLTextAreaElement>(shown.element, "td textarea");
    const key = (options: KeyboardEventInit) =>
      lines().dispatchEvent(
        new KeyboardEvent("keydown", { key: "Enter", cancelable: true, ...options }),
      );
    expect(lines().value).toBe("one\ntwo");
    expect(key({})).toBe(false);
    await settled(shown.element);
    expect(findAll(shown.element, "td textarea")).toEqual([]); // unchanged, not sent
    await press(shown, "Enter");
    expect(key({ shiftKey: true })).toBe(true); // a new line, from the browser
    lines().value = "one\ntwo\nthree";
    lines().dispatchEvent(new Event("input"));
    key({});
    expect((await answer(shown.link, "set")).value).toBe("one\ntwo\nthree");
  });

  describe("whose row was scrolled away", () => {
    async function scroll(shown: Shown, line: number) {
      const scroller = find(shown.element, ".scroller");
      scroller.scrollTop = Number.parseFloat(scroller.style.getPropertyValue("--_row")) * line;
      scroller.dispatchEvent(new Event("scroll"));
      await settled(shown.element);
    }

    /** Types into a cell of the first row, and scrolls to others. */
    async function leave(column: number, text: string): Promise<Shown> {
      const shown = await showTable({ onEdit: "set" }, rowsOf(500));
      await press(shown, ...Array(column).fill("ArrowRight"), "Enter");
      box(shown.element).value = text;
      box(shown.element).dispatchEvent(new Event("input"));
      await scroll(shown, 300);
      expect(findAll(shown.element, "td input")).toEqual([]);
      return shown;
    }

    async function editAnother(shown: Shown) {
      const cell = findAll(shown.element, "td").find((one) => textOf(one) === "row 300");
      for (const type of ["click", "dblclick"]) {
        cell?.dispatchEvent(new MouseEvent(type, { bubbles: true }));
      }
      await settled(shown.element);
    }

    it.each([
      [1, "typed", "name", "typed"],
      [2, "12.5", "size", 12.5],
    ])("sends what was typed before another is edited", async (place, text, column, value) => {
      const shown = await leave(place, text);
      await editAnother(shown);
      expect(await answer(shown.link, "set")).toEqual({ key: "k0", column, value });
      await until(() => findAll(shown.element, "td input").length === 1);
      expect(box(shown.element).value).toBe("row 300");
      expect(shown.link.count("lvs_evt:set")).toBe(1);
    });

    it("keeps what was refused to be mended, until another is edited", async () => {
      const shown = await leave(1, "no");
      await editAnother(shown);
      await raise(shown.link, "set", "not that one");
      await until(() =>
        findAll(shown.element, "[role=alert]").map(textOf).includes("not that one"),
      );
      await scroll(shown, 0);
      expect(box(shown.element).value).toBe("no");
      await scroll(shown, 300);
      await editAnother(shown);
      expect(box(shown.element).value).toBe("row 300");
      expect(findAll(shown.element, "[role=alert]")).toEqual([]);
    });

    it("tells of a number that can't be sent", async () => {
      const shown = await leave(2, "9007199254740993");
      await editAnother(shown);
      await until(() => textOf(shown.element).includes("The number has too many digits"));
      expect(shown.link.count("lvs_evt:set")).toBe(0);
    });
  });

  it("leaves the key and what is no scalar alone", async () => {
    const shown = await showTable({ onEdit: "set" }, rows);
    await press(shown, "Enter", "End", "Enter");
    expect(findAll(shown.element, "td input")).toEqual([]);
  });

  it("keeps what was refused, to be mended, and what is being typed when rows move", async () => {
    const shown = await showTable({ onEdit: "set" }, rows);
    await press(shown, "ArrowRight", "Enter");
    await type(shown, "no");
    await raise(shown.link, "set", "not that one");
    await until(() => findAll(shown.element, "[role=alert]").map(textOf).includes("not that one"));
    expect(box(shown.element).getAttribute("aria-invalid")).toBe("true");
    await shown.replace("/rows", [{ id: 1, name: "new" }, ...rows]);
    expect(box(shown.element).value).toBe("no");
    await type(shown, "yes");
    expect((await answer(shown.link, "set")).value).toBe("yes");
    await until(() => findAll(shown.element, "[role=alert]").length === 0);
  });
});
