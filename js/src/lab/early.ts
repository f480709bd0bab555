/**
 * Shows the widgets of a kernel for which JupyterLab has no models: while a cell runs it asks the
 * kernel for none, but the server does. It knows nothing of outputs.
 */

import { kernelWidgetsRequest, serverUrl } from "../address";
import type { Traits } from "../display";
import type widget from "../widget";
import type { Kernel, Message } from "./jupyterlab";
import { EarlyModel } from "./model";

type Widget = typeof widget;
/** What anywidget calls a model. */
type Model = Parameters<Widget["render"]>[0]["model"];

/** What the server says: the file, of those that it gives, that shows widgets, and their traits. */
interface Answer {
  readonly file: string;
  readonly models: Record<string, Traits>;
}

/** What the widgets of a kernel are, and what shows them. */
interface Told {
  readonly widget: Widget;
  readonly models: Map<string, Traits>;
}

/** Nothing is left then of what the kernel had. */
const ENDS = ["restarting", "autorestarting", "dead"];

/** The widgets that a kernel had when the page was loaded; JupyterLab knows of those that follow. */
export class Widgets {
  #kernel: Kernel;
  #told: Promise<Told | undefined>;
  #shown = new Set<[id: string, model: EarlyModel]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.iopubMessage.connect(this.#onMessage);
    kernel.statusChanged.connect(this.#onStatus);
    this.#told = ask(kernel.id).catch((error) => {
      console.info("livestate-nb: elements wait for JupyterLab to know them, because of", error);
      return undefined;
    });
    this.#told.then((told) => told ?? this.#end());
  }

  /**
   * Shows a widget in a node, unless the kernel has no such widget.
   * @returns the end of that
   */
  show(id: string, node: HTMLElement): () => void {
    let isOver = false;
    let end = () => {};
    this.#told.then((told) => {
      const traits = told?.models.get(id);
      if (told && traits && !isOver) end = this.#render(told.widget, id, traits, node);
    });
    return () => {
      isOver = true;
      end();
    };
  }

  #render(widget: Widget, id: string, traits: Traits, el: HTMLElement): () => void {
    const early = new EarlyModel(traits);
    const model = early as unknown as Model;
    const shown: [string, EarlyModel] = [id, early];
    this.#shown.add(shown);
    const ends = [widget.initialize({ model }), widget.render({ model, el })];
    return () => {
      this.#shown.delete(shown);
      for (const end of ends.reverse()) end();
    };
  }

  /** Follows what the kernel tells all pages of its widgets, also while it is asked for them. */
  #onMessage = (_: unknown, { content, header }: Message): void => {
    const { comm_id: id, data } = content;
    if (id === undefined) return;
    this.#told.then((told) => {
      const traits = told?.models.get(id);
      if (!told || !traits) return;
      if (header.msg_type === "comm_close") {
        told.models.delete(id);
        for (const model of this.#modelsOf(id)) model.close();
      } else if (data?.method === "update") {
        Object.assign(traits, data.state);
        for (const model of this.#modelsOf(id)) model.changed(Object.keys(data.state ?? {}));
      }
    });
  };

  #onStatus = (_: unknown, status: string): void => {
    if (!ENDS.includes(status)) return;
    this.#end();
    this.#told = Promise.resolve(undefined);
    for (const [, model] of this.#shown) model.close();
  };

  #modelsOf(id: string): EarlyModel[] {
    return [...this.#shown].flatMap(([shown, model]) => (shown === id ? [model] : []));
  }

  #end(): void {
    this.#kernel.iopubMessage.disconnect(this.#onMessage);
    this.#kernel.statusChanged.disconnect(this.#onStatus);
  }
}

/** Asks the server for the widgets of a kernel, and loads what shows them as the widget does. */
async function ask(kernel: string): Promise<Told | undefined> {
  const request = kernelWidgetsRequest(kernel);
  if (!request) return undefined;
  const response = await fetch(request);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  const answer: Answer = await response.json();
  const models = new Map(Object.entries(answer.models));
  if (models.size === 0) return undefined;
  const { href } = new URL(`livestate/static/${answer.file}`, serverUrl());
  return { widget: (await import(href)).default, models };
}
