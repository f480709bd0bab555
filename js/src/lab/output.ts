/**
 * The output of a cell that shows an element: JupyterLab's widget, once that has a state or was
 * refused, or is the card of a share; until then the same without JupyterLab, once that has a
 * state; and where there is no kernel, what was saved. It knows nothing of notebooks.
 */

import { isObject } from "../json";
import type { LiveView } from "../view";
import { KERNEL_GONE } from "../wire";
import { localTime, zoneAt } from "../zone";
import { copyOf } from "./copy";
import type { Renderer } from "./jupyterlab";

/** The type by which Python marks outputs that are ours (livestate_nb/saved.py). */
export const MIME = "application/x-livestate-view+json";
export const WIDGET = "application/vnd.jupyter.widget-view+json";
export const HTML = "text/html";

/** Characters of HTML that are saved for one output. */
const LIMIT = 2_000_000;

const OUTPUT = "livestate-output";

/**
 * Lets a renderer of widgets show something until JupyterLab has the widget, and that is live.
 * @param show shows a kernel's widget in a node without JupyterLab; returns the end of that
 */
export function withSaved(
  renderer: Renderer,
  show: (id: string, node: HTMLElement) => () => void,
): Renderer {
  const { node } = renderer;
  node.classList.add(OUTPUT);
  const root = node.attachShadow({ mode: "open" });
  const live = document.createElement("slot");
  const [early, saved] = [document.createElement("div"), document.createElement("div")];
  root.append(live, early, saved);
  let isLive = false;
  let isOver = false;

  const choose = () => {
    const [view, first] = [viewIn(node), viewIn(early)];
    const isCard = node.querySelector(".livestate-card") !== null;
    if (isReady(view) || isRefused(view) || isCard) {
      if (isInUse(early)) {
        left(early).then(choose);
        return;
      }
      if (view && first) handOver(first, view);
      isLive = true;
      stop();
    }
    early.hidden = isLive || !isReady(first);
    // It may hold the connection back: only JupyterLab's may fall back to the comm.
    if (view && early.hidden) endEarly();
    saved.hidden = isLive || !early.hidden || !saved.hasChildNodes();
    live.hidden = !early.hidden || !saved.hidden;
    live.style.display = live.hidden ? "none" : "contents";
  };
  // Lit wants no view changed while it is being updated.
  const follower = { hostUpdated: () => queueMicrotask(choose) };
  const follow = () => {
    for (const view of [viewIn(node), viewIn(early)]) view?.addController(follower);
    choose();
  };
  const observer = new MutationObserver(follow);
  for (const place of [node, early]) observer.observe(place, { childList: true, subtree: true });
  let endEarly = () => {};
  const stop = () => {
    isOver = true;
    observer.disconnect();
    for (const view of [viewIn(node), viewIn(early)]) view?.removeController(follower);
    endEarly();
  };

  const renderWidget = renderer.renderModel.bind(renderer);
  let shown = "";
  let isRendering = false;
  renderer.disposed.connect(() => {
    shown = "";
    stop();
  });
  const render = async (model: Parameters<typeof renderWidget>[0], id: string) => {
    isRendering = true;
    try {
      await left(early);
      // By then it may show another, or none.
      if (id === shown) await renderWidget(model);
    } finally {
      isRendering = false;
    }
  };
  renderer.renderModel = async (model) => {
    const html = model.data[HTML];
    if (!isLive) setHtml(saved, html ? textOf(html) : "");
    choose();
    const id = idOf(model.data[WIDGET]);
    // Saving the notebook changes only what is saved.
    if (id === shown && (isRendering || renderer.widgets.length > 0)) return;
    const isOther = id !== shown;
    if (isOther) endEarly();
    shown = id;
    if (!id) return;
    await render(model, id);
    const isEarly = id === shown && renderer.widgets.length === 0;
    if (isOther && !isOver && isEarly) endEarly = show(id, early);
  };
  return renderer;
}

/**
 * Returns HTML with what an output shows now in the place of what was saved.
 * @returns undefined where there is nothing new
 */
export function savedNow(node: HTMLElement, html: unknown): string | undefined {
  const early = node.querySelector(`.${OUTPUT}`)?.shadowRoot;
  const view = (early && viewIn(early)) ?? viewIn(node);
  const element = view?.element;
  if (!html || !element?.isConnected || view?.liveState?.state === undefined) return undefined;
  const page = new DOMParser().parseFromString(textOf(html), "text/html");
  const frame = page.querySelector<HTMLTemplateElement>(".livestate-saved > template")?.content;
  const [time, content] = [frame?.querySelector("time"), frame?.querySelector(".content")];
  if (!time || !content) return undefined;
  const copy = copyOf(element);
  if (content.innerHTML === parsed(copy)) return undefined;
  content.innerHTML = copy.length > LIMIT ? tooLarge(copy.length) : copy;
  const now = new Date();
  const minute = localTime(now).slice(0, 16);
  time.dateTime = minute + zoneAt(now);
  time.textContent = minute.replace("T", " ");
  return page.body.innerHTML;
}

/** Returns HTML as it is written once it has been read: a parser mends what scripts may build. */
function parsed(html: string): string {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.innerHTML;
}

function viewIn(node: ParentNode): LiveView | null {
  return node.querySelector<LiveView>("livestate-view");
}

/** Does a view show a state, also while its notebook is out of the page? */
function isReady(view: LiveView | null): boolean {
  const hasContent = view?.failure || view?.element?.parentNode;
  return Boolean(hasContent) && view?.liveState?.state !== undefined;
}

function isRefused(view: LiveView | null): boolean {
  const { error, status } = view?.liveState ?? {};
  return status === "error" && error?.message !== KERNEL_GONE;
}

/** Lets a view go on with the element of another, and all that this holds, if it is the same. */
function handOver({ dismissed, element, liveState }: LiveView, to: LiveView): void {
  if (liveState !== to.liveState || element?.constructor !== to.element?.constructor) return;
  Object.assign(to, { dismissed, element });
}

/** Does somebody point at the view in a node, or type into it? */
function isInUse(node: HTMLElement): boolean {
  return isReady(viewIn(node)) && node.matches(":hover, :focus-within");
}

/** What happens at the latest when somebody is elsewhere: a node that is hidden hears of nothing. */
const MOVES = ["pointermove", "pointerout", "focusin", "focusout"];

/** Waits until nobody uses the view in a node. */
async function left(node: HTMLElement): Promise<void> {
  while (isInUse(node)) {
    const heard = new AbortController();
    await new Promise<Event>((resolve) => {
      for (const move of MOVES) {
        document.addEventListener(move, resolve, { capture: true, signal: heard.signal });
      }
    });
    heard.abort();
    await new Promise((resolve) => setTimeout(resolve)); // the focus may go to another of its fields
  }
}

/** Returns the id of a widget's model; "" where a notebook names none. */
function idOf(widget: unknown): string {
  const id = isObject(widget) ? widget.model_id : undefined;
  return typeof id === "string" ? id : "";
}

/** Notebooks hold texts as they are, or as lists of lines; whatever else there is is no text. */
function textOf(text: unknown): string {
  const lines: unknown[] = Array.isArray(text) ? text : [text];
  return lines.filter((line) => typeof line === "string").join("");
}

function setHtml(node: HTMLElement, html: string): void {
  // The notebook is trusted: JupyterLab shows its own HTML otherwise. No script of it is run.
  (node as HTMLElement & { setHTMLUnsafe(html: string): void }).setHTMLUnsafe(html);
}

function tooLarge(size: number): string {
  return `<p>The element is not saved: what it shows has ${(size / 1e6).toFixed(1)} MB.</p>`;
}
