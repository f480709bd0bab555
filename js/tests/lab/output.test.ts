import { beforeEach, describe, expect, it } from "vitest";
import type { Data, Renderer } from "../../src/lab/jupyterlab";
import { HTML, WIDGET, withSaved } from "../../src/lab/output";
import widget from "../../src/widget";
import { FakeModel } from "../model";
import { find, findAll, textOf } from "../page";
import { cleanups, kernel, type Model, nextEndpoint, todoList, usePage } from "../shown";
import { until } from "../until";
import { FakeSignal } from "./jupyterlab";

usePage();

let endpoint: string;
/** The widgets that JupyterLab knows of, by their models' ids. */
let known: Map<string, FakeModel>;
/** Where widgets were shown without JupyterLab. */
let places: { id: string; node: HTMLElement; isOver: boolean }[];

beforeEach(() => {
  // Browsers have it since 2024, happy-dom has not.
  Object.assign(HTMLElement.prototype, {
    setHTMLUnsafe(this: HTMLElement, html: string) {
      this.innerHTML = html;
    },
  });
  endpoint = nextEndpoint();
  known = new Map();
  places = [];
});

const model = (title = "Todos") =>
  kernel.serve(
    new FakeModel({
      endpoint,
      topic: "todos:me",
      session: "cell-1",
      element: "out-list",
      source: todoList(title),
    }),
  );

/** Renders a model as anywidget does; one that carries connections, unless others do. */
function render(shown: FakeModel, el: HTMLElement, isCarrier = true): () => void {
  const props = { model: shown as unknown as Model };
  const ends = isCarrier ? [widget.initialize(props)] : [];
  ends.push(widget.render({ ...props, el }));
  const end = () => {
    for (const one of ends.splice(0).reverse()) one();
  };
  cleanups.push(end);
  return end;
}

/** JupyterLab's renderer of widgets. */
class FakeRenderer implements Renderer {
  readonly disposed = new FakeSignal<void>();
  readonly node = document.createElement("div");
  readonly widgets: HTMLElement[] = [];

  async renderModel({ data }: { data: Data }): Promise<void> {
    this.node.textContent = "Loading widget...";
    const found = known.get((data[WIDGET] as { model_id: string }).model_id);
    if (!found) return;
    const el = document.createElement("div");
    render(found, el);
    this.node.textContent = "";
    this.widgets.push(el);
    this.node.append(el);
  }
}

/** Shows an output that was saved. */
function output(early?: FakeModel, isCarrier = true) {
  const show = (id: string, node: HTMLElement) => {
    const end = early && render(early, node, isCarrier);
    const place = { id, node, isOver: false };
    places.push(place);
    return () => {
      place.isOver = true;
      end?.();
    };
  };
  const renderer = withSaved(new FakeRenderer(), show);
  document.body.append(renderer.node);
  const data = { [WIDGET]: { model_id: "m-1" }, [HTML]: ["<p>", "saved</p>"] };
  return { renderer, data, node: renderer.node, text: () => textOf(renderer.node) };
}

/** Shows an output whose element is live, though JupyterLab does not know of it. */
async function early() {
  const way = model(); // it stands for the WebSocket, which is nobody's own
  cleanups.push(widget.initialize({ model: way as unknown as Model }));
  const shown = output(model(), false);
  await shown.renderer.renderModel(shown);
  expect(shown.text()).toBe("saved");
  const link = await kernel.link();
  await link.accept({ items: ["milk"] });
  await until(() => shown.text() === "Todos milk");
  return { ...shown, link };
}

describe("an output", () => {
  it("shows what was saved where nothing is live", async () => {
    const { renderer, text, data } = output();
    await renderer.renderModel({ data });
    expect(text()).toBe("saved");
    expect(places.map(({ id }) => id)).toEqual(["m-1"]);
    await renderer.renderModel({ data: { ...data, [HTML]: "saved again" } });
    expect(text()).toBe("saved again");
    expect(places).toHaveLength(1);
  });

  it("shows JupyterLab's widget alone where that has it", async () => {
    known.set("m-1", model());
    const { renderer, text, data } = output(model());
    await renderer.renderModel({ data });
    expect(text()).toBe("saved");
    await (await kernel.link()).accept({ items: ["milk"] });
    await until(() => text() === "Todos milk");
    expect(places).toEqual([]);
  });

  it("goes on with the same element and connection when JupyterLab knows of the widget", async () => {
    const { renderer, data, link, node, text } = await early();
    const element = find(node, "out-list");
    find<HTMLInputElement>(node, "input").value = "half a ti";
    known.set("m-1", model());
    await renderer.renderModel({ data });
    await until(() => places[0]?.isOver && findAll(node, "out-list")[0] === element);
    expect(find<HTMLInputElement>(node, "input").value).toBe("half a ti");
    expect(findAll(node, "out-list")).toEqual([element]);
    const join = link.frames.find(({ event }) => event === "phx_join");
    link.push(join as NonNullable<typeof join>, "state:patch", {
      patch: [{ op: "add", path: "/items/-", value: "tea" }],
      version: 1,
    });
    await until(() => text() === "Todos milk tea");
    expect(link.count("phx_join")).toBe(1);
    expect(kernel.connections).toBe(1);
  });

  it("shows the new element if it has changed in the meantime", async () => {
    const { renderer, data, text } = await early();
    known.set("m-1", model("New"));
    await renderer.renderModel({ data });
    await until(() => text() === "New milk");
    expect(places[0]?.isOver).toBe(true);
  });

  it("waits for JupyterLab's widget as long as somebody uses the other", async () => {
    const { renderer, data, node, text } = await early();
    const place = places[0]?.node as HTMLElement;
    let isInUse = true;
    Object.assign(place, { matches: () => isInUse }); // happy-dom knows no pointer
    known.set("m-1", model());
    const rendering = renderer.renderModel({ data });
    await renderer.renderModel({ data: { ...data, [HTML]: "saved again" } });
    place.dispatchEvent(new Event("focusout", { bubbles: true, composed: true }));
    await new Promise((resolve) => setTimeout(resolve));
    expect([renderer.widgets.length, text()]).toEqual([0, "Todos milk"]);
    isInUse = false;
    document.dispatchEvent(new Event("pointermove"));
    await rendering;
    await until(() => places[0]?.isOver);
    expect(renderer.widgets).toHaveLength(1);
    expect(findAll(node, "out-list")).toHaveLength(1);
  });

  it("shows another widget alone that it is given while somebody uses the first", async () => {
    const { renderer, data, text } = await early();
    const place = places[0]?.node as HTMLElement;
    Object.assign(place, { matches: () => true });
    known.set("m-1", model());
    const first = renderer.renderModel({ data });
    known.set("m-2", model("Another"));
    await renderer.renderModel({ data: { ...data, [WIDGET]: { model_id: "m-2" } } });
    document.dispatchEvent(new Event("pointermove"));
    await first;
    await until(() => text() === "Another milk");
    expect(renderer.widgets).toHaveLength(1);
  });

  it("shows the widget that it was given last, whichever is there first", async () => {
    const { renderer, data } = output();
    const first = renderer.renderModel({ data });
    const second = renderer.renderModel({ data: { ...data, [WIDGET]: { model_id: "m-2" } } });
    await Promise.all([first, second]);
    expect(places.map(({ id }) => id)).toEqual(["m-2"]);
  });

  it("does not wait for a pointer that rests where nothing is shown", async () => {
    const { renderer, data, text } = output(model());
    await renderer.renderModel({ data });
    Object.assign(places[0]?.node as HTMLElement, { matches: () => true });
    known.set("m-1", model());
    await renderer.renderModel({ data });
    await kernel.link();
    await (await kernel.link()).accept({ items: ["milk"] });
    await until(() => text() === "Todos milk");
  });

  it("renders nothing when it is disposed of while somebody uses it", async () => {
    const { renderer, data } = await early();
    Object.assign(places[0]?.node as HTMLElement, { matches: () => true });
    known.set("m-1", model());
    const rendering = renderer.renderModel({ data });
    (renderer.disposed as FakeSignal<void>).emit();
    document.dispatchEvent(new Event("pointermove"));
    await rendering;
    expect(renderer.widgets).toEqual([]);
  });

  it("gives it up for JupyterLab's widget if it has no state yet", async () => {
    const { renderer, data, text } = output(model());
    await renderer.renderModel({ data });
    known.set("m-1", model());
    await renderer.renderModel({ data });
    await until(() => places[0]?.isOver);
    expect(text()).toBe("saved");
    await kernel.link();
    await (await kernel.link()).accept({ items: ["milk"] }); // over JupyterLab's own comm
    await until(() => text() === "Todos milk");
  });

  it("ends it when it shows another widget, and when it is disposed of", async () => {
    const { renderer, data } = await early();
    await renderer.renderModel({ data: { ...data, [WIDGET]: { model_id: "m-2" } } });
    expect(places.map(({ id, isOver }) => [id, isOver])).toEqual([
      ["m-1", true],
      ["m-2", false],
    ]);
    (renderer.disposed as FakeSignal<void>).emit();
    expect(places.every(({ isOver }) => isOver)).toBe(true);
  });

  it("that gets its widget before it comes into the page shows it there", async () => {
    known.set("m-1", model());
    const { renderer, node, text, data } = output();
    node.remove();
    await renderer.renderModel({ data });
    await (await kernel.link()).accept({ items: ["milk"] });
    document.body.append(node);
    await until(() => text() === "Todos milk");
  });

  it("that gets its state while it is out of the page shows it there", async () => {
    const shown = model();
    known.set("m-1", shown);
    const { renderer, node, text, data } = output();
    await renderer.renderModel({ data });
    const link = await kernel.link();
    node.remove();
    await link.accept({ items: ["milk"] });
    shown.update({ log: [{ kind: "print", title: "add", text: "hello" }] });
    await until(() => textOf(node.querySelector("livestate-view") as Node).includes("hello"));
    document.body.append(node);
    await until(() => text().startsWith("Todos milk"));
  });

  it("that is out of the page for a while stays live, also without JupyterLab", async () => {
    const { data, link, node, renderer, text } = await early();
    const join = link.frames.find(({ event }) => event === "phx_join");
    node.remove();
    await renderer.renderModel({ data: { ...data, [HTML]: "saved again" } });
    link.push(join as NonNullable<typeof join>, "state:change", {
      state: { items: ["tea"] },
      version: 1,
    });
    document.body.append(node);
    await until(() => text() === "Todos tea");
    expect(places.map(({ isOver }) => isOver)).toEqual([false]);
  });

  it("shows the card of a share, which has no state", async () => {
    const { renderer, data, node, text } = output();
    await renderer.renderModel({ data });
    const card = document.createElement("p");
    card.className = "livestate-card";
    card.textContent = "a card";
    node.replaceChildren(card);
    await until(() => text() === "a card");
  });

  it("that is disposed of while it renders shows nothing", async () => {
    const { renderer, data } = output(model());
    const rendering = renderer.renderModel({ data });
    (renderer.disposed as FakeSignal<void>).emit();
    await rendering;
    expect(places).toEqual([]);
  });

  it("keeps Jupyter's shortcuts from whoever types into it, and only then", async () => {
    const { node, renderer } = await early();
    const press = () =>
      find(node, "input").dispatchEvent(
        new KeyboardEvent("keydown", { key: "d", bubbles: true, composed: true }),
      );
    press();
    expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(true);
    (renderer.disposed as FakeSignal<void>).emit();
    expect(node.hasAttribute("data-lm-suppress-shortcuts")).toBe(false);
  });
});
