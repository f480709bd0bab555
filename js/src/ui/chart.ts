/**
 * Line and scatter charts: their legend, their words and their looks; what draws is loaded on
 * demand. It knows nothing of channels.
 */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from "lit";
import type { Json } from "../json";
import { Announcer } from "./announcer";
import { OnDemand } from "./demand";
import { Part } from "./part";
import { labelOf } from "./path";
import type { Plot } from "./plot";
import { type Data, inWords, lastOf, Reader, textOf } from "./series";

/** Colours that are told apart by the colour-blind (Okabe and Ito), darker or lighter by theme. */
const COLORS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"];

abstract class ChartPart extends Part {
  static override properties: PropertyDeclarations = {
    x: {},
    y: { type: Array },
  };

  static override styles = css`
    figure {
      margin: 0;
    }
    figcaption {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 0.2em 1.2em;
      min-height: 1.5em;
      color: inherit;
      font-size: 0.92em;
      font-variant-numeric: tabular-nums;
    }
    .title {
      color: var(--_muted);
    }
    .swatch {
      display: inline-block;
      width: 1em;
      height: 0.25em;
      margin-right: 0.4em;
      vertical-align: 0.25em;
      background: currentColor;
    }
    .dots .swatch {
      width: 0.6em;
      height: 0.6em;
      vertical-align: 0;
      border-radius: 50%;
    }
    .value {
      display: inline-block;
      min-width: 5ch;
      margin-left: 0.4em;
      color: var(--_muted);
    }
    /* The transition has no other use than to say when the theme changes: see plot.ts. */
    .plot {
      position: relative;
      height: 18em;
      color: var(--_muted);
      border: 0 solid var(--_soft-line);
      transition: color 1ms;
      overflow: hidden;
    }
    .plot :is(.u-over, .u-under) {
      position: absolute;
    }
    .plot .u-over {
      overflow: hidden;
    }
    .plot :is(.u-axis, .u-cursor-x, .u-cursor-y, .u-cursor-pt, .u-select) {
      position: absolute;
      pointer-events: none;
    }
    .plot canvas {
      display: block;
      width: 100%;
      height: 100%;
    }
    .plot .u-cursor-x {
      left: 0;
      top: 0;
      height: 100%;
      border-left: 1px dashed var(--_muted);
    }
    .plot .u-cursor-y {
      display: none;
    }
    .plot .u-cursor-pt {
      left: 0;
      top: 0;
      border-radius: 50%;
    }
    .u-off {
      display: none;
    }
  `;

  /** The key of the x of the points. */
  declare x: string;
  /** The keys of the series. */
  declare y: readonly string[];
  #code = new OnDemand(this, () => import("./plot"));
  #plot: Plot | undefined;
  #reader = new Reader();
  #shown: { value: Json; data: Data } | undefined;
  /** The point that is pointed at. */
  #at: number | undefined;
  #announcer = new Announcer(this);

  /** Does it draw dots, rather than lines? */
  protected abstract readonly isScatter: boolean;

  constructor() {
    super();
    this.x = "";
    this.y = [];
  }

  override show(value: Json): unknown {
    const problem = this.#code.problem("The chart");
    if (problem) return problem;
    let data: Data;
    try {
      data = this.#read(value);
    } catch (error) {
      return html`<p class="missing">${this.name}: ${(error as Error).message}</p>`;
    }
    const kind = this.isScatter ? "scatter chart" : "line chart";
    return html`<figure class=${this.isScatter ? "dots" : ""}>
        <figcaption>
          ${this.label ? html`<span class="title">${this.label}</span>` : nothing}
          ${this.y.map((name, index) => this.#renderKey(name, index, data))}
          ${data.missing.map((name) => html`<span class="missing">no ${name}</span>`)}
        </figcaption>
        <div
          class="plot"
          role="img"
          tabindex="0"
          aria-label="${this.name}, ${inWords(kind, this.x, this.y, data)}"
          @keydown=${this.#press}
        ></div>
      </figure>
      ${this.#announcer.render()}`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#plot?.end();
    this.#plot = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) this.requestUpdate(); // it has been moved, and must be drawn again
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    if (changed.has("x") || changed.has("y")) this.#shown = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.renderRoot.querySelector<HTMLElement>(".plot");
    const code = this.#code.module;
    if (!box || !code || !this.#shown || !this.isConnected) return;
    const { data } = this.#shown;
    const names = this.y.map((name) => labelOf([name]));
    const look = { x: labelOf([this.x]), names, isScatter: this.isScatter, isTime: data.isTime };
    if (!this.#plot?.isOf(box, look)) {
      this.#plot?.end();
      this.#plot = new code.Plot(box, look, {
        colors: () => [...this.renderRoot.querySelectorAll(".swatch")].map(colorOf),
        point: (index) => this.#point(index),
      });
    }
    this.#plot.draw(data);
  }

  #renderKey(name: string, index: number, data: Data): unknown {
    const values = data.y[index] ?? [];
    const color = COLORS[index % COLORS.length];
    const value = this.#at === undefined ? lastOf(values) : values[this.#at];
    return html`<span>
      <span class="swatch" style="color: color-mix(in srgb, ${color} 78%, currentColor)"></span
      >${labelOf([name])}<span class="value">${textOf(value)}</span>
    </span>`;
  }

  #read(value: Json): Data {
    if (this.#shown && this.#shown.value === value) return this.#shown.data;
    const data = this.#reader.read(value, this.x, this.y);
    this.#shown = { value, data };
    return data;
  }

  #point(index: number | undefined): void {
    if (index === this.#at) return;
    this.#at = index;
    this.requestUpdate();
  }

  /** Points at the one before or after, as the mouse does. */
  #press = (event: KeyboardEvent): void => {
    const step = new Map([
      ["ArrowLeft", -1],
      ["ArrowRight", 1],
    ]).get(event.key);
    const data = this.#shown?.data;
    if (step === undefined || !data || data.x.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const last = data.x.length - 1;
    const at = Math.max(Math.min((this.#at ?? last - step) + step, last), 0);
    this.#plot?.pointAt(at);
    const values = this.y.map((name, n) => `${labelOf([name])} ${textOf(data.y[n]?.[at])}`);
    this.#announcer.say(`${textOf(data.x[at], data.isTime)}: ${values.join(", ")}`);
  };
}

/** `<livestate-line>`: one or more series as lines. */
export class LinePart extends ChartPart {
  protected override readonly isScatter = false;
}

/** `<livestate-scatter>`: one or more series as dots. */
export class ScatterPart extends ChartPart {
  protected override readonly isScatter = true;
}

function colorOf(element: Element): string {
  return getComputedStyle(element).color;
}
