/**
 * Text and number: shown, or edited where they have an event. It knows nothing of channels.
 *
 * What is typed and not sent yet is never overwritten. Enter or leaving the field sends it (in a
 * text of several lines Ctrl+Enter), Escape gives it up; then the field follows the state again.
 */

import { css, html, nothing, type PropertyDeclarations, type PropertyValues } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Json } from "../json";
import { type Box, isFocused, type Selection, select, selectionIn, setText } from "./box";
import { Control } from "./control";

/** Lines that a box has by itself; it can be drawn larger. */
const MAX_LINES = 10;
const LINE_ENDS = /\r\n?|\n/g;

/** What a text or number has in common. */
abstract class Field extends Control {
  static override styles = css`
    .value {
      margin: 0;
      white-space: pre-wrap;
      overflow-wrap: anywhere;
      font-variant-numeric: tabular-nums;
    }
    .value > span {
      color: var(--_muted);
    }
    .unsent {
      border-color: var(--_accent);
    }
  `;

  /** What was typed and has not been handled; undefined if there is nothing. */
  #typed: string | undefined;
  /** What of it is on its way. */
  #sent: string | undefined;
  #problem = "";
  #text = "";
  /** The box that had the focus before an update, and what was selected in it. */
  #focused: { box: Box; selection: Selection } | undefined;
  /** What is to be selected in the box that the next update brings. */
  #next: Selection | undefined;
  /** A box that an update takes away says that it was left: that is not the user's doing. */
  #isUpdating = false;

  /** Returns what the box sends, or throws an Error that says what is wrong with it. */
  protected abstract valueIn(box: Box): Json;

  /** Returns the box without its value, and with `this.box`. */
  protected abstract renderBox(): unknown;

  /** The attributes and listeners that each box has. */
  protected get box() {
    return {
      disabled: this.isOff,
      problem: this.#problem ? "problem" : nothing,
      invalid: this.#problem ? "true" : "false",
      state: this.#typed === this.#sent ? "" : "unsent",
      onInput: (event: Event) => this.#edit((event.target as Box).value),
      onChange: () => this.#isUpdating || this.#commit(),
      onKey: (event: KeyboardEvent) => this.#press(event),
    };
  }

  /** What is in the box. */
  protected get text(): string {
    return this.#typed ?? this.#text;
  }

  protected get isTyped(): boolean {
    return this.#typed !== undefined;
  }

  override show(value: Json): unknown {
    this.#text = textOf(value);
    if (this.on === undefined) {
      const label = this.label ? html`<span>${this.label}: </span>` : nothing;
      return html`<p class="value">${label}${this.#text}</p>`;
    }
    return html`${this.labelled(this.renderBox())}
      ${this.#problem ? html`<p class="wrong" id="problem" role="alert">${this.#problem}</p>` : nothing}`;
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const box = this.hasUpdated ? this.#box : null;
    const selection = this.#next ?? (box && selectionIn(box));
    this.#focused = box && selection && isFocused(box) ? { box, selection } : undefined;
    this.#next = undefined;
    this.#isUpdating = true;
  }

  protected override updated(changed: PropertyValues): void {
    super.updated(changed);
    this.#isUpdating = false;
    const box = this.#box;
    if (!box) return;
    setText(box, this.text);
    if (!this.#focused || box === this.#focused.box) return;
    box.focus({ preventScroll: true });
    select(box, this.#focused.selection);
  }

  /** Puts a text in place of what is selected, as if it were typed. */
  protected insert(box: Box, text: string): void {
    const [start, end] = [box.selectionStart ?? 0, box.selectionEnd ?? 0];
    const caret = start + text.length;
    this.#next = { selectionDirection: null, selectionEnd: caret, selectionStart: caret };
    this.#edit(box.value.slice(0, start) + text + box.value.slice(end));
  }

  get #box(): Box | null {
    return this.renderRoot.querySelector("input, textarea");
  }

  #edit(text: string): void {
    this.#typed = text;
    this.requestUpdate();
  }

  #press(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape" && this.#typed !== undefined) {
      event.stopPropagation();
      this.#giveUp();
    } else if (event.key === "Enter") {
      if (this.#box?.localName === "input" || event.ctrlKey || event.metaKey) this.#commit();
      if (event.ctrlKey || event.metaKey) event.preventDefault();
    }
  }

  #giveUp(): void {
    this.#typed = undefined;
    this.#problem = "";
    if (this.#box) this.#box.value = this.#text;
    this.requestUpdate();
  }

  async #commit(): Promise<void> {
    const [box, typed] = [this.#box, this.#typed];
    if (!box || typed === undefined || typed === this.#sent) return;
    try {
      const value = this.valueIn(box);
      // While something is on its way, the old text is news.
      if (box.value === this.#text && !this.isSending) return this.#giveUp();
      this.#sent = typed;
      this.#problem = "";
      await this.dispatch({ value });
      if (this.#typed === typed) this.#typed = undefined;
    } catch (error) {
      // It stays, to be mended.
      this.#problem = this.own(error);
    }
    if (this.#sent === typed) this.#sent = undefined;
    this.requestUpdate();
  }
}

/**
 * `<livestate-text>`: a text; with `on` it can be edited. Dispatches `{value: text}`. Its box is one
 * of several lines where there are any, whatever `rows` says: no other can hold them.
 */
export class TextPart extends Field {
  static override properties: PropertyDeclarations = {
    rows: { type: Number },
  };

  /** Lines of the box; more than one make it one of several lines. */
  declare rows: number | undefined;
  #isLong = false;

  protected override valueIn(box: Box): string {
    return box.value;
  }

  protected override renderBox(): unknown {
    const { disabled, invalid, onChange, onInput, onKey, problem, state } = this.box;
    const rows = this.rows ?? 1;
    const lines = this.text.split(LINE_ENDS).length;
    // It becomes one of one line again once nothing is typed: Enter sends there.
    this.#isLong = rows > 1 || lines > 1 || (this.#isLong && this.isTyped);
    if (this.#isLong) {
      return html`<textarea
        id="control"
        class=${state}
        rows=${rows > 1 ? rows : Math.min(Math.max(lines, 2), MAX_LINES)}
        aria-invalid=${invalid}
        aria-describedby=${problem}
        ?disabled=${disabled}
        @input=${onInput}
        @change=${onChange}
        @keydown=${onKey}
      ></textarea>`;
    }
    return html`<input
      id="control"
      class=${state}
      autocomplete="off"
      aria-invalid=${invalid}
      aria-describedby=${problem}
      ?disabled=${disabled}
      @input=${onInput}
      @change=${onChange}
      @keydown=${onKey}
      @paste=${this.#paste}
    />`;
  }

  /** Keeps the lines of what is pasted, which a box of one line would join. */
  #paste = (event: ClipboardEvent): void => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (text.trim().split(LINE_ENDS).length === 1) return;
    event.preventDefault();
    this.insert(event.target as Box, text.replaceAll(LINE_ENDS, "\n"));
  };
}

/**
 * `<livestate-number>`: a number; with `on` it can be edited. Dispatches `{value: number}`, whole
 * numbers as such, and `{value: null}` for an empty field.
 */
export class NumberPart extends Field {
  static override properties: PropertyDeclarations = {
    min: { type: Number },
    max: { type: Number },
    step: { type: Number },
  };

  declare min: number | undefined;
  declare max: number | undefined;
  /** What it must be a multiple of, from `min`; any number by default. */
  declare step: number | undefined;

  protected override valueIn(box: Box): number | null {
    return numberOf(box as HTMLInputElement);
  }

  protected override renderBox(): unknown {
    const { disabled, invalid, onChange, onInput, onKey, problem, state } = this.box;
    return html`<input
      id="control"
      class=${state}
      type="number"
      autocomplete="off"
      min=${ifDefined(this.min)}
      max=${ifDefined(this.max)}
      step=${this.step ?? "any"}
      aria-invalid=${invalid}
      aria-describedby=${problem}
      ?disabled=${disabled}
      @input=${onInput}
      @change=${onChange}
      @keydown=${onKey}
    />`;
  }
}

/**
 * Returns the number in a box, null if it is empty.
 * @throws Error if there is none, it is out of bounds, or JavaScript can't hold it exactly
 */
export function numberOf(box: HTMLInputElement): number | null {
  if (!box.checkValidity()) throw new Error(box.validationMessage);
  if (box.value === "") return null;
  const number = Number(box.value);
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    throw new Error("The number has too many digits: 9007199254740991 is the largest.");
  }
  return number;
}

/** Returns a value as text: a text as it is, null as none. */
export function textOf(value: Json): string {
  if (typeof value === "string") return value;
  return value === null || value === undefined ? "" : JSON.stringify(value);
}
