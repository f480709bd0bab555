/**
 * The extension of JupyterLab and Notebook: shows in each notebook what was saved of elements that
 * are not live, and saves it. It touches no output but those that Python marks as ours.
 */

import { type Data, HTML, MIME, type Renderer, savedNow, WIDGET, withSaved } from "./output";

// JupyterLab's interfaces, as far as they are needed: @jupyterlab/notebook 4.

interface Signal<T> {
  connect(slot: (sender: unknown, args: T) => void): void;
  disconnect(slot: (sender: unknown, args: T) => void): void;
}

interface Output {
  readonly data: Data;
  toJSON(): Record<string, unknown>;
}

interface OutputArea {
  readonly model: {
    readonly length: number;
    get(index: number): Output;
    set(i: number, output: object): void;
  };
  readonly widgets: readonly { readonly node: HTMLElement }[];
}

interface Factory {
  safe: boolean;
  mimeTypes: readonly string[];
  defaultRank: number;
  createRenderer(): Renderer;
}

interface RenderMime {
  addFactory(factory: Factory): void;
  createRenderer(mimeType: string): Renderer;
}

interface Panel {
  readonly content: {
    readonly rendermime: RenderMime;
    readonly widgets: readonly { readonly outputArea?: OutputArea }[];
  };
}

interface Context {
  readonly saveState: Signal<string>;
}

interface Extension {
  createNew(panel: Panel, context: Context): { readonly isDisposed: boolean; dispose(): void };
}

interface App {
  readonly docRegistry?: { addWidgetExtension(name: string, extension: Extension): void };
}

/** Before that of the widgets, which is -10. */
const RANK = -20;

const plugin = {
  id: "livestate_nb:saved",
  description: "Shows the last state of live elements where there is no kernel, and saves it.",
  autoStart: true,
  activate(app: App): void {
    app.docRegistry?.addWidgetExtension("Notebook", { createNew: extend });
  },
};

function extend(panel: Panel, context: Context): { isDisposed: boolean; dispose(): void } {
  const { rendermime } = panel.content;
  rendermime.addFactory({
    safe: false,
    mimeTypes: [MIME],
    defaultRank: RANK,
    createRenderer: () => withSaved(rendermime.createRenderer(WIDGET)),
  });
  const save = (_: unknown, state: string) => {
    if (state === "started") keep(panel);
  };
  context.saveState.connect(save);
  return {
    isDisposed: false,
    dispose() {
      this.isDisposed = true;
      context.saveState.disconnect(save);
    },
  };
}

/** Puts what elements show now into the outputs, which are about to be saved. */
function keep({ content }: Panel): void {
  for (const { outputArea } of content.widgets) {
    if (!outputArea) continue;
    const { model, widgets } = outputArea;
    for (let at = 0; at < Math.min(model.length, widgets.length); at += 1) {
      const output = model.get(at);
      if (!(MIME in output.data)) continue;
      let html: string | undefined;
      try {
        html = savedNow((widgets[at] as { node: HTMLElement }).node, output.data[HTML]);
      } catch (error) {
        console.warn("livestate_nb: an element could not be saved; what was saved stays", error);
      }
      if (html === undefined) continue;
      const json = output.toJSON();
      model.set(at, { ...json, data: { ...(json.data as Data), [HTML]: html } });
    }
  }
}

// What JupyterLab makes of the file: a container of webpack's module federation, with one module.
const page = globalThis as { _JUPYTERLAB?: Record<string, object> };
page._JUPYTERLAB ??= {};
page._JUPYTERLAB.livestate_nb = {
  init: () => {},
  get: async () => () => ({ __esModule: true, default: plugin }),
};
