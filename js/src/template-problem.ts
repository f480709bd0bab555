/**
 * Where a template tells what is wrong with it, out of reach of the page's styles.
 * It knows nothing of what can go wrong.
 */

import { adoptStyles, type CSSResult, render, type TemplateResult } from "lit";
import { problemStyles } from "./problem";
import { theme } from "./theme";

const STYLES: CSSResult[] = [theme, problemStyles];

/** A box at the beginning of an element or a shadow root, which is there while it shows something. */
export class ProblemBox {
  #place: Element | ShadowRoot;
  #box: HTMLElement | undefined;

  constructor(place: Element | ShadowRoot) {
    this.#place = place;
  }

  show(content: TemplateResult | null): void {
    if (!content) {
      this.#box?.remove();
      return;
    }
    this.#box ??= makeBox();
    render(content, this.#box.shadowRoot as ShadowRoot);
    if (this.#place.firstChild !== this.#box) this.#place.prepend(this.#box);
  }
}

function makeBox(): HTMLElement {
  const box = document.createElement("div");
  adoptStyles(box.attachShadow({ mode: "open" }), STYLES);
  return box;
}
