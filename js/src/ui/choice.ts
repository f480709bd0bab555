/**
 * Controls that send at once what is chosen: select, checkbox, slider, and the button.
 * It knows nothing of channels.
 */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from "lit";
import { isObject, type Json, type JsonObject } from "../json";
import { Control } from "./control";
import { textOf } from "./field";
import { type Path, read } from "./path";

/** Milliseconds from one event of a slider to the next. */
const SLIDE_MS = 50;

/** A choice: what is shown and what is sent. */
type Option = readonly [label: string, value: Json];

/** `<livestate-select>`: one of several values. Dispatches `{value: chosen}`. */
export class SelectPart extends Control {
  static override properties: PropertyDeclarations = {
    options: { type: Array },
    labels: { type: Array },
    optionsPath: { attribute: "options-path" },
  };

  /** What can be chosen: a list of values, or an object of labels and values. */
  declare options: readonly Json[] | JsonObject | undefined;
  /** What the values of a list are called; those without a label are their own. */
  declare labels: readonly string[] | undefined;
  /** Where the state has such a list or object, instead. */
  declare optionsPath: Path | undefined;
  #index = -1;

  protected override get paths(): readonly Path[] {
    return this.optionsPath === undefined ? [this.path] : [this.path, this.optionsPath];
  }

  override show(value: Json): unknown {
    const options = this.#options;
    const chosen = JSON.stringify(value);
    this.#index = options.findIndex(([, option]) => JSON.stringify(option) === chosen);
    // What is none of the options is shown all the same.
    const other = this.#index < 0 ? html`<option hidden>${textOf(value)}</option>` : nothing;
    return this.labelled(html`<select id="control" ?disabled=${this.isOff} @change=${this.#choose}>
      ${options.map(([label]) => html`<option>${label}</option>`)}${other}
    </select>`);
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const select = this.renderRoot.querySelector("select");
    if (!select || this.isSending) return;
    select.selectedIndex = this.#index < 0 ? select.options.length - 1 : this.#index;
  }

  get #options(): Option[] {
    const isListed = this.optionsPath !== undefined;
    const given = isListed ? read(this.live.state, this.optionsPath ?? "") : this.options;
    if (isObject(given)) return Object.entries(given);
    const labels = isListed ? [] : (this.labels ?? []);
    return (Array.isArray(given) ? given : []).map((value, index) => [
      labels[index] ?? textOf(value),
      value,
    ]);
  }

  #choose = (event: Event): void => {
    const option = this.#options[(event.target as HTMLSelectElement).selectedIndex];
    if (option) this.send(option[1]);
  };
}

/** `<livestate-checkbox>`: true or false. Dispatches `{value: isChecked}`. */
export class CheckboxPart extends Control {
  #isChecked = false;

  override connectedCallback(): void {
    super.connectedCallback();
    this.toggleAttribute("data-inline", true); // for the row it may be in
  }

  override show(value: Json): unknown {
    this.#isChecked = Boolean(value);
    return html`<label
      ><input type="checkbox" ?disabled=${this.isOff} @change=${this.#check} /> ${this.name}</label
    >`;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const box = this.renderRoot.querySelector("input");
    if (box && !this.isSending) box.checked = this.#isChecked;
  }

  #check = (event: Event): void => {
    this.send((event.target as HTMLInputElement).checked);
  };
}

/**
 * `<livestate-slider>`: a number in a range. Dispatches `{value: number}` while it is dragged: at
 * most one in 50 ms and none before the last was answered; the last value is always sent.
 */
export class SliderPart extends Control {
  static override properties: PropertyDeclarations = {
    min: { type: Number },
    max: { type: Number },
    step: { type: Number },
  };

  static override styles = css`
    input {
      width: 100%;
    }
    .value {
      color: var(--jp-content-font-color1, inherit);
      font-variant-numeric: tabular-nums;
    }
  `;

  declare min: number;
  declare max: number;
  declare step: number;
  #value = 0;
  /** What was chosen last. */
  #chosen = 0;

  constructor() {
    super();
    this.min = 0;
    this.max = 100;
    this.step = 1;
  }

  override show(value: Json): unknown {
    this.#value = Number(value ?? this.min);
    return this.labelled(
      html`<input
        id="control"
        type="range"
        min=${this.min}
        max=${this.max}
        step=${this.step}
        ?disabled=${this.isOff}
        @input=${this.#slide}
      />`,
      html`<span class="value" aria-hidden="true"
        >${this.isSending ? this.#chosen : textOf(value)}</span
      >`,
    );
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    const range = this.renderRoot.querySelector("input");
    if (range && !this.isSending) range.value = `${this.#value}`;
  }

  #slide = (event: Event): void => {
    this.#chosen = Number((event.target as HTMLInputElement).value);
    this.send(this.#chosen, { throttle: SLIDE_MS });
  };
}

/**
 * `<livestate-button>`: dispatches its `payload`, `{}` by default. Pressed again before the answer it
 * does nothing, but keeps the focus.
 */
export class ButtonPart extends Control {
  protected override get paths(): readonly Path[] {
    return [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.toggleAttribute("data-inline", true); // for the row it may be in
  }

  override show(): unknown {
    return html`<button
      type="button"
      aria-disabled=${this.isSending ? "true" : nothing}
      ?disabled=${this.isOff}
      @click=${this.#press}
    >
      ${this.label ?? this.on}
    </button>`;
  }

  #press = (): void => {
    if (!this.isSending) this.dispatch({}).catch(() => {});
  };
}
