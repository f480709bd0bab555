/**
 * The extension of JupyterLab and Notebook: lets elements be live before JupyterLab knows of them,
 * shows in each notebook what was saved of those that are not live, and saves it. It touches no
 * output but those that Python marks as ours.
 */

import { Widgets } from "./early";
import type { App, Context, Data, Kernel, Panel, SessionContext } from "./jupyterlab";
import { HTML, MIME, savedNow, WIDGET, withSaved } from "./output";

/** Before that of the widgets, which is -10. */
const RANK = -20;

const plugin = {
  id: "livestate_nb:saved",
  description:
    "Shows live elements at once, their last state where there is no kernel, and saves it.",
  autoStart: true,
  activate(app: App): void {
    app.docRegistry?.addWidgetExtension("Notebook", { createNew: extend });
  },
};

function extend(panel: Panel, context: Context): { isDisposed: boolean; dispose(): void } {
  const { rendermime } = panel.content;
  const show = (id: string, node: HTMLElement) =>
    whenThere(panel.sessionContext, (kernel) => widgetsOf(kernel).show(id, node));
  rendermime.addFactory({
    safe: false,
    mimeTypes: [MIME],
    defaultRank: RANK,
    createRenderer: () => withSaved(rendermime.createRenderer(WIDGET), show),
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

const asked = new WeakMap<Kernel, Widgets>();

/** Returns the widgets of a kernel, which is asked for them once. */
function widgetsOf(kernel: Kernel): Widgets {
  const widgets = asked.get(kernel) ?? new Widgets(kernel);
  asked.set(kernel, widgets);
  return widgets;
}

/**
 * Begins something with a notebook's kernel, as soon as it has one.
 * @returns the end of that
 */
function whenThere(context: SessionContext, begin: (kernel: Kernel) => () => void): () => void {
  let end = () => context.kernelChanged.disconnect(look);
  const look = () => {
    const kernel = context.session?.kernel;
    if (!kernel) return;
    end();
    end = begin(kernel);
  };
  context.kernelChanged.connect(look);
  look();
  return () => end();
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
