import { beforeEach, describe, expect, it, vi } from "vitest";
import loader from "../src/loader";
import { FakeModel } from "./model";
import { stubBlobUrls, urls } from "./modules";
import type { Model } from "./shown";
import { until } from "./until";

const KEY = Symbol.for("livestate-nb hashed/widget-test.js");
/** A widget that writes down what is done with it. */
const SOURCE = `
  const log = (text) => globalThis.done.push(text);
  log("evaluated");
  export default {
    initialize: () => { log("initialized"); return () => log("cleaned up"); },
    render: ({ el }) => { el.textContent = "shown"; return () => { el.textContent = "disposed"; }; },
  };`;

let run = 0;
const page = globalThis as unknown as { done: string[]; [KEY]?: unknown };

beforeEach(() => {
  stubBlobUrls();
  page.done = [];
  run += 1;
  delete page[KEY];
});

/** Shows a model as Jupyter does, in a page that names no server. */
function show(endpoint = "kernel-1") {
  const model = new FakeModel({ endpoint });
  const asked: unknown[] = [];
  model.onSend = (message) => asked.push(message);
  const source = `${SOURCE}\n// ${run}`; // node evaluates the same source once
  const answer = () => model.emit("msg:custom", { livestate: "bundle", source }, []);
  /** Ends the comm, as when the kernel is restarted. */
  const cut = () => {
    model.isAlive = false;
    model.emit("comm:close");
  };
  const el = document.createElement("div");
  const cleanUp = loader.initialize({ model: model as unknown as Model });
  const dispose = loader.render({ model: model as unknown as Model, el });
  return { model, asked, answer, cut, el, cleanUp, dispose };
}

describe("the loader", () => {
  it("asks the kernel once for all models of it, and shows them", async () => {
    const first = show();
    const second = show();
    await until(() => first.asked.length > 0);
    expect(first.asked).toEqual([{ livestate: "bundle" }]);
    first.model.emit("msg:custom", { livestate: "frame", connection: "another's" }, []);
    first.answer();
    await until(() => second.el.textContent === "shown" && first.el.textContent === "shown");
    expect(second.asked).toEqual([]);
    const third = show();
    await until(() => third.el.textContent === "shown");
    expect(page.done).toEqual(["evaluated", "initialized", "initialized", "initialized"]);
    expect(first.model.listenerCount + urls.size).toBe(0);
    first.cleanUp();
    first.dispose();
    expect(page.done.at(-1)).toBe("cleaned up");
    expect(first.el.textContent).toBe("disposed");
  });

  it("tries the page's server once", async () => {
    const info = vi.spyOn(console, "info").mockImplementation(() => {});
    const config = document.createElement("script");
    config.id = "jupyter-config-data";
    config.type = "application/json";
    config.textContent = '{"baseUrl": "/user/ann%40x/"}';
    document.head.append(config);
    const views = [show(), show(), show()];
    await until(() => views[0]?.asked.length === 1);
    views[0]?.answer();
    await until(() => views.every(({ el }) => el.textContent === "shown"));
    expect(info).toHaveBeenCalledOnce();
    config.remove();
    info.mockRestore();
  });

  it("waits for no other kernel", async () => {
    const busy = show("kernel-1");
    const idle = show("kernel-2");
    await until(() => busy.asked.length === 1 && idle.asked.length === 1);
    idle.answer();
    await until(() => idle.el.textContent === "shown");
    expect(busy.el.textContent).not.toBe("shown");
  });

  it("says that it loads, and why that takes long", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { el, answer, asked } = show();
    expect(el.textContent).toBe("");
    vi.advanceTimersByTime(500);
    expect(el.textContent).toBe("Loading…");
    vi.advanceTimersByTime(4_500);
    expect(el.textContent).toMatch(/^Loading… While a cell runs, the kernel may not answer/);
    vi.useRealTimers();
    await until(() => asked.length === 1);
    answer();
    await until(() => el.textContent === "shown");
  });

  it("says so when nothing can be loaded", async () => {
    const { el, model, asked, cut } = show();
    await until(() => asked.length === 1);
    cut();
    await until(() => el.textContent !== "");
    expect(el.textContent).toBe(
      "This element can't be loaded: the kernel has gone. Run the cell again.",
    );
    expect(el.querySelector("[role=alert]")).not.toBeNull();
    expect(model.listenerCount).toBe(0);
  });

  it("asks through another model when the one that asked has gone", async () => {
    const first = show();
    const second = show();
    await until(() => first.asked.length === 1);
    first.cut();
    await until(() => second.asked.length === 1);
    second.answer();
    await until(() => second.el.textContent === "shown");
    expect(first.el.textContent).toContain("can't be loaded");
  });

  it("says so at once when the model can't send", async () => {
    const model = new FakeModel();
    model.isAlive = false;
    const el = document.createElement("div");
    loader.render({ model: model as unknown as Model, el });
    await until(() => el.textContent?.includes("the kernel has gone"));
  });

  it("shows nothing in a view that was disposed of meanwhile", async () => {
    const { el, answer, asked, dispose, cleanUp } = show();
    await until(() => asked.length === 1);
    dispose();
    cleanUp();
    const other = show();
    answer();
    await until(() => other.el.textContent === "shown");
    expect(el.textContent).toBe("");
    expect(page.done).toEqual(["evaluated", "initialized"]);
  });
});
