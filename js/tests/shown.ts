/** A page in which Jupyter shows models of a fake kernel. */

import { afterEach, beforeAll, beforeEach } from "vitest";
import type { Traits } from "../src/display";
import widget from "../src/widget";
import { FakeKernel, FakeModel } from "./model";
import { stubBlobUrls } from "./modules";
import { textOf } from "./page";
import { until } from "./until";

/** What anywidget calls a model. */
export type Model = Parameters<typeof widget.render>[0]["model"];

/** The source of an element with a title. */
export const todoList = (title: string) => `
  import { html } from "lit";
  import { LiveElement } from "livestate-nb";
  export default class TodoList extends LiveElement {
    render(state) {
      return html\`<h1>${title}</h1> \${state.items.join(" ")}
        <form @submit=\${this.live.submit("add")}><input name="title"></form>\`;
    }
  }`;

/** The kernel of the test that runs. */
export let kernel: FakeKernel;
/** What the test must undo. */
export let cleanups: (() => void)[];
let endpoint = 0;

/** Gives each test of a file a page and a kernel. */
export function usePage(): void {
  beforeAll(stubBlobUrls);

  beforeEach(() => {
    kernel = new FakeKernel();
    cleanups = [];
    endpoint += 1;
  });

  afterEach(() => {
    for (const cleanup of cleanups.reverse()) cleanup();
    document.body.replaceChildren();
  });
}

/** Names another kernel's endpoint. */
export function nextEndpoint(): string {
  endpoint += 1;
  return `kernel-${endpoint}`;
}

/** Shows a model as Jupyter does. */
export function show(traits: Partial<Traits>, { bundle = widget } = {}) {
  const model = new FakeModel();
  const all = { endpoint: `kernel-${endpoint}`, topic: "todos:me", session: "cell-1" };
  model.update({ ...all, ...traits });
  kernel.serve(model);
  const el = document.createElement("div");
  document.body.append(el);
  cleanups.push(bundle.initialize({ model: model as unknown as Model }));
  const dispose = bundle.render({ model: model as unknown as Model, el });
  cleanups.push(dispose);
  return { model, el, dispose };
}

/** Shows a todo list that has its state. */
export async function showList(title = "Todos") {
  const shown = show({ element: "todo-list", source: todoList(title) });
  const link = await kernel.link();
  const join = await link.accept({ items: ["milk"] });
  await until(() => textOf(shown.el).includes("milk"));
  return { ...shown, link, join };
}
