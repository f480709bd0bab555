/**
 * The output of a cell that shows an element: the widget, once that has a state or was refused, or
 * is the card of a share; until then, and where there is no kernel, what was saved. It knows
 * nothing of notebooks.
 */

import type { LiveView } from "../view";
import { KERNEL_GONE } from "../wire";
import { localTime, zoneAt } from "../zone";
import { copyOf } from "./copy";

/** The type by which Python marks outputs that are ours (livestate_nb/saved.py). */
export const MIME = "application/x-livestate-view+json";
export const WIDGET = "application/vnd.jupyter.widget-view+json";
export const HTML = "text/html";

/** Characters of HTML that are saved for one output. */
const LIMIT = 2_000_000;

/** What an output holds, by MIME type. */
export type Data = Readonly<Record<string, unknown>>;

/** JupyterLab's renderers, as far as it is needed: `widgets` are those that are shown in it. */
export interface Renderer {
  readonly node: HTMLElement;
  readonly widgets: readonly unknown[];
  renderModel(model: { readonly data: Data }): Promise<void>;
}

const NEWS = ["livestate-change", "livestate-status"];

/** Lets a renderer of widgets show what was saved, until there is a state or a refusal. */
export function withSaved(renderer: Renderer): Renderer {
  const { node } = renderer;
  const root = node.attachShadow({ mode: "open" });
  const live = document.createElement("slot");
  const saved = document.createElement("div");
  root.append(live, saved);
  const choose = () => {
    const { error, state, status } = viewIn(node)?.liveState ?? {};
    const isRefused = status === "error" && error?.message !== KERNEL_GONE;
    const isCard = node.querySelector(".livestate-card") !== null;
    const isLive = state !== undefined || isRefused || isCard;
    if (isLive) stop();
    live.hidden = !isLive && saved.hasChildNodes();
    live.style.display = live.hidden ? "none" : "contents";
    saved.hidden = !live.hidden;
  };
  let heard: EventTarget | undefined;
  const listen = () => {
    const liveState = viewIn(node)?.liveState ?? undefined;
    if (liveState !== heard) {
      for (const news of NEWS) heard?.removeEventListener(news, choose);
      heard = liveState;
      for (const news of NEWS) heard?.addEventListener(news, choose);
    }
    choose();
  };
  const observer = new MutationObserver(listen);
  observer.observe(node, { childList: true, subtree: true });
  const stop = () => {
    observer.disconnect();
    for (const news of NEWS) heard?.removeEventListener(news, choose);
  };

  const renderWidget = renderer.renderModel.bind(renderer);
  let shown: unknown;
  renderer.renderModel = async (model) => {
    const html = model.data[HTML];
    if (live.hidden || !shown) setHtml(saved, html ? textOf(html) : "");
    choose();
    const { model_id } = model.data[WIDGET] as { model_id: string };
    // Saving the notebook changes only what is saved.
    if (model_id === shown && renderer.widgets.length > 0) return;
    shown = model_id;
    await renderWidget(model);
  };
  return renderer;
}

/**
 * Returns HTML with what an output shows now in the place of what was saved.
 * @returns undefined where there is nothing new
 */
export function savedNow(node: HTMLElement, html: unknown): string | undefined {
  const view = viewIn(node);
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

function viewIn(node: HTMLElement): LiveView | null {
  return node.querySelector<LiveView>("livestate-view");
}

/** Notebooks hold texts as they are, or as lists of lines. */
function textOf(text: unknown): string {
  return Array.isArray(text) ? text.join("") : String(text);
}

function setHtml(node: HTMLElement, html: string): void {
  // The notebook is trusted: JupyterLab shows its own HTML otherwise. No script of it is run.
  (node as HTMLElement & { setHTMLUnsafe(html: string): void }).setHTMLUnsafe(html);
}

function tooLarge(size: number): string {
  return `<p>The element is not saved: what it shows has ${(size / 1e6).toFixed(1)} MB.</p>`;
}
