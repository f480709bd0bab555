/**
 * What each widget carries: it loads the widget, once for the page, from the page's server, or else
 * over the comm from the kernel.
 * It knows nothing of what the widget does.
 */

import type { AnyWidget, RenderProps } from "@anywidget/types";
import { serverUrl } from "./address";
import { END_EVENTS } from "./comm";
import type { Traits } from "./display";
import type { Json } from "./json";
import type widget from "./widget";

/** The name of the widget's file on a server that has the same build; build.mjs sets it. */
declare const WIDGET_FILE: string;

type Widget = typeof widget;
type Props = RenderProps<Traits>;
type Model = Props["model"];

const KEY = Symbol.for(`livestate-nb ${WIDGET_FILE}`);

/** What is shown until the widget is there, after so many milliseconds. */
const NOTICES: [number, string][] = [
  [500, "Loading…"],
  [5_000, "Loading… While a cell runs, the kernel may not answer before it is done."],
];

/** Loads once what several models of the page want; whoever waited tries again what failed. */
async function share<T>(key: string, load: () => Promise<T>): Promise<T> {
  const page = globalThis as { [KEY]?: Map<string, Promise<unknown>> };
  page[KEY] ??= new Map();
  const shared = page[KEY] as Map<string, Promise<T>>;
  for (;;) {
    const earlier = shared.get(key);
    const loading = earlier ?? load();
    shared.set(key, loading);
    try {
      return await loading;
    } catch (error) {
      if (shared.get(key) === loading) shared.delete(key);
      if (!earlier) throw error;
    }
  }
}

async function load(model: Model): Promise<Widget> {
  return (
    (await share("server", fromServer)) ?? share(model.get("endpoint"), () => fromKernel(model))
  );
}

/** Returns null where the server does not give it; the page does not ask it again. */
async function fromServer(): Promise<Widget | null> {
  const base = serverUrl();
  if (!base) return null;
  try {
    return (await import(new URL(`livestate/static/${WIDGET_FILE}`, base).href)).default;
  } catch (error) {
    console.info("livestate-nb: loads from the kernel, because of", error);
    return null;
  }
}

/** Asks the kernel for all in one file. */
async function fromKernel(model: Model): Promise<Widget> {
  let stop = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    const receive = (message: Json) => {
      if (message.livestate === "bundle") resolve(message.source);
    };
    const end = () => reject(new Error("the kernel has gone"));
    model.on("msg:custom", receive);
    for (const event of END_EVENTS) model.on(event, end);
    stop = () => {
      model.off("msg:custom", receive);
      for (const event of END_EVENTS) model.off(event, end);
    };
    try {
      model.send({ livestate: "bundle" });
    } catch {
      end();
    }
  });
  const source = await answer.finally(stop);
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

export default {
  initialize({ model }: Pick<Props, "model">) {
    let end: (() => void) | undefined;
    let isOver = false;
    load(model).then(
      (loaded) => {
        if (!isOver) end = loaded.initialize({ model });
      },
      () => {}, // its views tell
    );
    return () => {
      isOver = true;
      end?.();
    };
  },

  render({ model, el }: Pick<Props, "model" | "el">) {
    const notice = document.createElement("div");
    const say = (role: string, text: string) => {
      notice.setAttribute("role", role);
      notice.textContent = text;
    };
    const timers = NOTICES.map(([ms, text]) => setTimeout(() => say("status", text), ms));
    let end = () => timers.forEach(clearTimeout);
    let isOver = false;
    el.replaceChildren(notice);
    load(model).then(
      (loaded) => {
        end();
        if (!isOver) end = loaded.render({ model, el });
      },
      (error) => {
        end();
        say("alert", `This element can't be loaded: ${error.message}. Run the cell again.`);
      },
    );
    return () => {
      isOver = true;
      end();
    };
  },
} satisfies AnyWidget<Traits>;
