/** Outputs of notebooks that somebody else has written. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Data, Renderer } from "../../src/lab/jupyterlab";
import { HTML, MIME, savedNow, WIDGET, withSaved } from "../../src/lab/output";
import { textOf } from "../page";
import { FakeSignal } from "./jupyterlab";

/** More in the nightly run. */
const CASES = 300 * (process.env.HYPOTHESIS_PROFILE === "nightly" ? 20 : 1);
let cases = 0;

// Browsers have it since 2024, happy-dom has not.
Object.assign(HTMLElement.prototype, {
  setHTMLUnsafe(this: HTMLElement, html: string) {
    this.innerHTML = html;
  },
});

/** JupyterLab's renderer of widgets, which has none and takes outputs as they should be. */
class FakeRenderer implements Renderer {
  readonly disposed = new FakeSignal<void>();
  readonly node = document.createElement("div");
  readonly widgets: HTMLElement[] = [];

  async renderModel({ data }: { data: Data }): Promise<void> {
    this.node.textContent = `no widget ${(data[WIDGET] as { model_id: string }).model_id.trim()}`;
  }
}

/** Shows outputs one after the other in one place, as JupyterLab does. */
async function show(...outputs: Data[]) {
  const asked: string[] = [];
  const jupyters = new FakeRenderer();
  const renderer = withSaved(jupyters, (id) => {
    asked.push(id);
    return () => {};
  });
  document.body.append(renderer.node);
  for (const data of outputs) await renderer.renderModel({ data });
  const shown = textOf(renderer.node);
  jupyters.disposed.emit();
  renderer.node.remove();
  return { asked, shown };
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    { toString: null, valueOf: null },
    [{ toString: 1 }, "<p>saved</p>"],
    [["<p>saved</p>"]],
    JSON.parse('{"__proto__":{"model_id":"m-1"}}'),
    "<template shadowrootmode=open></template><script>throw 1</script>",
    "x".repeat(100_000),
    "m-1",
  ),
);

describe("a saved output", () => {
  afterAll(() => console.info(`fuzz: ${cases} cases of saved outputs`));

  it.each<[unknown]>([
    [undefined],
    [null],
    [7],
    ["m-1"],
    [{}],
    [{ model_id: 7 }],
    [{ model_id: { trim: 1 } }],
  ])("shows what was saved where the widget is %j", async (widget) => {
    const { shown, asked } = await show({ [MIME]: {}, [WIDGET]: widget, [HTML]: "<p>saved</p>" });
    expect([shown, asked]).toEqual(["saved", []]);
  });

  it.each<[unknown]>([[{ toString: null, valueOf: null }], [[{ toString: null }]], [7], [{}]])(
    "is none where its HTML is %j",
    async (html) => {
      const { shown, asked } = await show({ [WIDGET]: { model_id: "m-1" }, [HTML]: html });
      expect([shown, asked]).toEqual(["no widget m-1", ["m-1"]]);
      expect(savedNow(document.createElement("div"), html)).toBeUndefined();
    },
  );

  it("is shown or left out, whatever it is", async () => {
    const widgets = fc.oneof(odd, fc.record({ model_id: odd }));
    const outputs = fc.record(
      { [MIME]: odd, [WIDGET]: widgets, [HTML]: odd },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Data>;
    await fc.assert(
      fc.asyncProperty(fc.array(outputs, { maxLength: 3 }), async (hostile) => {
        cases += 1;
        const last = { [MIME]: {}, [WIDGET]: { model_id: "m-2" }, [HTML]: ["<p>", "saved</p>"] };
        const { shown, asked } = await show(...hostile, last);
        expect(shown).toBe("saved");
        expect(asked.at(-1)).toBe("m-2");
        expect(asked.every((id) => typeof id === "string" && id !== "")).toBe(true);
        expect(Object.getPrototypeOf({})).toBe(Object.prototype);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: CASES },
    );
  }, 600_000);
});
