/**
 * The field of the cell that is edited in a grid. It knows nothing of the grid.
 *
 * What is typed stays until it was handled or given up, whatever becomes of the row meanwhile.
 */

import { html, nothing, type ReactiveController, type TemplateResult } from "lit";
import type { Json } from "../json";
import { type Box, isFocused } from "./box";
import { numberOf } from "./field";
import type { Column } from "./rows";
import type { TablePart } from "./table";

/** The cell that is edited. */
interface Edited {
  key: Json;
  column: Column;
  /** What was there in the beginning, and what has been typed. */
  was: string;
  text: string;
  isNumber: boolean;
  isSent: boolean;
}

export class Editor implements ReactiveController {
  #host: TablePart;
  /** What has the focus when nothing is edited. */
  #rest: () => HTMLElement | null;
  #edited: Edited | undefined;
  #problem = "";
  /** Does the field get the focus after the update, with all of its text? */
  #isNew = false;
  #hadFocus = false;
  /** While a row is moved, its field loses the focus: that is not the user's doing. */
  #isUpdating = false;

  constructor(host: TablePart, rest: () => HTMLElement | null) {
    this.#host = host;
    this.#rest = rest;
    host.addController(this);
  }

  isAt(key: Json, column: string): boolean {
    return this.#edited?.key === key && this.#edited?.column.key === column;
  }

  /** Begins to edit a cell, and tells whether its value can be; a truth value is turned at once. */
  begin(key: Json, column: Column, value: Json | undefined): boolean {
    const left = this.#edited;
    if (left?.isSent) return false;
    if (left && left.text !== left.was && !this.#problem) {
      // Its row was scrolled away, and its field with it.
      this.#commit().then(() => this.#edited || this.begin(key, column, value));
      return true;
    }
    this.#problem = "";
    this.#edited = undefined;
    this.#host.requestUpdate();
    if (typeof value === "boolean") {
      this.#send({ key, column: column.key, value: !value });
      return true;
    }
    if (typeof value === "object" && value !== null) return false;
    const text = `${value ?? ""}`.replaceAll(/\r\n?/g, "\n"); // as boxes have it
    const isNumber = typeof value === "number" || (text === "" && column.isNumeric);
    this.#edited = { key, column, was: text, text, isNumber, isSent: false };
    this.#isNew = true;
    return true;
  }

  render(): TemplateResult {
    const { column, isNumber, text, was } = this.#edited as Edited;
    if (was.includes("\n")) {
      return html`<textarea
        rows="1"
        aria-label=${column.label}
        aria-invalid=${this.#problem ? "true" : "false"}
        aria-describedby=${this.#problem ? "problem" : nothing}
        ?disabled=${this.#host.isOff}
        .defaultValue=${text}
        @input=${this.#type}
        @keydown=${this.#press}
        @blur=${this.#leave}
      ></textarea>`;
    }
    return html`<input
      type=${isNumber ? "number" : "text"}
      step="any"
      autocomplete="off"
      aria-label=${column.label}
      aria-invalid=${this.#problem ? "true" : "false"}
      aria-describedby=${this.#problem ? "problem" : nothing}
      ?disabled=${this.#host.isOff}
      value=${text}
      @input=${this.#type}
      @keydown=${this.#press}
      @blur=${this.#leave}
    />`;
  }

  renderProblem(): unknown {
    return this.#problem
      ? html`<p class="wrong" id="problem" role="alert">${this.#problem}</p>`
      : nothing;
  }

  hostUpdate(): void {
    this.#isUpdating = true;
    const field = this.#field;
    this.#hadFocus = field !== null && isFocused(field);
  }

  hostUpdated(): void {
    this.#isUpdating = false;
    const field = this.#field;
    if (this.#isNew) field?.select();
    if (this.#isNew || this.#hadFocus) (field ?? this.#rest())?.focus({ preventScroll: true });
    this.#isNew = false;
  }

  get #field(): Box | null {
    return this.#host.renderRoot.querySelector("td input, td textarea");
  }

  #type = (event: Event): void => {
    if (this.#edited) this.#edited.text = (event.target as Box).value;
  };

  #press = (event: KeyboardEvent): void => {
    if (event.isComposing || (event.key === "Enter" && event.shiftKey)) return;
    if (event.key === "Enter") this.#commit();
    else if (event.key === "Escape") this.#end();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #leave = (): void => {
    if (!this.#isUpdating && !this.#host.isOff && !this.#problem) this.#commit();
  };

  #end(): void {
    this.#edited = undefined;
    this.#problem = "";
    this.#host.requestUpdate();
  }

  async #commit(): Promise<void> {
    const edited = this.#edited;
    if (!edited || edited.isSent) return;
    try {
      const { isNumber, text, was } = edited;
      const value = isNumber
        ? numberOf((this.#field as HTMLInputElement | null) ?? numberBox(text))
        : text;
      if (text === was) return this.#end();
      edited.isSent = true;
      this.#problem = "";
      await this.#host.edit({ key: edited.key, column: edited.column.key, value });
      this.#end();
    } catch (error) {
      edited.isSent = false;
      this.#problem = (error as Error).message; // the text stays, to be mended
      this.#host.requestUpdate();
    }
  }

  async #send(fields: { key: Json; column: string; value: Json }): Promise<void> {
    try {
      await this.#host.edit(fields);
    } catch (error) {
      this.#problem = (error as Error).message;
      this.#host.requestUpdate();
    }
  }
}

/** Returns a number's field that is nowhere to be seen. */
function numberBox(value: string): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "number", step: "any", value });
}
