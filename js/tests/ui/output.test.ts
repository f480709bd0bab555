import { afterEach, describe, expect, it, vi } from "vitest";
import { useServer } from "../client";
import { find, findAll, textOf } from "../page";
import { until } from "../until";
import { settled, showLayout, useElements } from "./shown";

useServer();
useElements();

/** Lets announcements come when the test says so; nothing else waits for a time meanwhile. */
function stopPauses(): () => void {
  const pauses: (() => void)[] = [];
  const set = globalThis.setTimeout;
  vi.stubGlobal("setTimeout", (run: () => void, ms?: number) =>
    ms === 2_000 ? pauses.push(run) : set(run, ms),
  );
  return () => {
    for (const run of pauses.splice(0)) run();
  };
}
afterEach(() => {
  vi.unstubAllGlobals();
});

describe("a progress bar", () => {
  const plan = { kind: "progress", path: ["done"], total: ["total"], label: "Layers" };

  it("shows how much is done", async () => {
    const { element, replace } = await showLayout(plan, { done: 1, total: 8 });
    const bar = find<HTMLProgressElement>(element, "progress");
    expect(bar.getAttribute("value")).toBe("0.125");
    expect(textOf(element)).toBe("Layers 1 of 8, 12 %");
    await replace("/done", null);
    expect(bar.hasAttribute("value")).toBe(false);
    expect(textOf(element)).toBe("Layers …");
    await replace("/done", 9);
    expect(textOf(element)).toBe("Layers 9 of 8, 100 %");
  });

  it("is of 1 by default, or of a number", async () => {
    const { element } = await showLayout(
      {
        kind: "column",
        children: [
          { kind: "progress", path: ["part"] },
          { kind: "progress", path: ["part"], total: 2 },
        ],
      },
      { part: 0.5 },
    );
    expect(textOf(element)).toBe("Part 50 % Part 0.5 of 2, 25 %");
  });

  it("is said by tenths, the latest in a while", async () => {
    const pass = stopPauses();
    const { element, replace } = await showLayout(plan, { done: 0, total: 100 });
    const said = find(element, "[role=status]");
    await replace("/done", 5);
    pass();
    await settled(element);
    expect(textOf(said)).toBe("");
    await replace("/done", 12);
    await replace("/done", 47);
    expect(textOf(said)).toBe("");
    pass();
    await settled(element);
    expect(textOf(said)).toBe("Layers: 40 %");
  });
});

describe("a log", () => {
  const plan = { kind: "log", path: ["lines"] };

  it("shows lines, whatever they are, and keeps the nodes of those it has shown", async () => {
    const { element, replace } = await showLayout(plan, { lines: ["a", { n: 1 }] });
    const first = find(element, ".line");
    await replace("/lines", ["a", { n: 1 }, "c"]);
    expect(findAll(element, ".line").map(textOf)).toEqual(["a", '{"n":1}', "c"]);
    expect(find(element, ".line")).toBe(first);
    expect(find(element, "[role=log]").getAttribute("aria-label")).toBe("Lines");
    expect(find(element, "[role=log]").tabIndex).toBe(0);
  });

  it("shows a text by its lines", async () => {
    const { element } = await showLayout(plan, { lines: "a\n\nb\n" });
    expect(findAll(element, ".line").map(textOf)).toEqual(["a", "", "b"]);
  });

  it("shows the last 1,000 lines", async () => {
    const lines = Array.from({ length: 1_003 }, (_, n) => `line ${n}`);
    const { element } = await showLayout(plan, { lines });
    expect(findAll(element, ".line")).toHaveLength(1_000);
    expect(textOf(find(element, ".earlier"))).toBe("3 earlier lines");
    expect(textOf(find(element, ".line"))).toBe("line 3");
  });

  it("says what was added last", async () => {
    const pass = stopPauses();
    const { element, replace } = await showLayout(plan, { lines: ["a"] });
    const said = find(element, "[role=status]");
    pass();
    await settled(element);
    expect(textOf(said)).toBe("");
    await replace("/lines", ["a", "b"]);
    await replace("/lines", ["a", "b", "c", "d", "e", "f"]);
    pass();
    await settled(element);
    expect(textOf(said)).toBe("d e f");
  });
});

describe("a JSON tree", () => {
  it("shows a part of the state, and keeps what is open", async () => {
    const { element, replace } = await showLayout(
      { kind: "json", path: ["a"] },
      { a: { b: 1 }, c: 2 },
    );
    expect(textOf(element)).toBe("object, 1 key b : 1 number");
    const details = find<HTMLDetailsElement>(element, "details");
    details.open = false;
    details.dispatchEvent(new Event("toggle"));
    await settled(element);
    await replace("/a", { b: 2, d: 3 });
    expect(textOf(element)).toBe("object, 2 keys");
  });
});

// What of it is left out is tested in a real browser: DOMPurify trusts no other DOM.
describe("Markdown", () => {
  it("is loaded on demand; until then its text is shown", async () => {
    const { element, replace } = await showLayout(
      { kind: "markdown", path: ["notes"] },
      { notes: "# A *b*" },
    );
    await until(() => findAll(element, "em").length === 1);
    await replace("/notes", "- [x] done\n- [ ] open");
    expect(findAll(element, "li").map(textOf)).toEqual(["☑ done", "☐ open"]);
    await replace("/notes", null);
    expect(textOf(element)).toBe("");
  });
});
