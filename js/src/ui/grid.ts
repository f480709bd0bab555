/**
 * The grid of a table: what is visible of its rows, what is active, selected and edited in it.
 * It knows nothing of channels.
 *
 * The focus is on the grid, which names its active cell; only the field of an edited cell takes it.
 * Rows are known by their key, whatever comes before them or changes in them.
 */

import { html, nothing, type ReactiveController, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { repeat } from "lit/directives/repeat.js";
import type { Json } from "../json";
import { Cursor, HEAD } from "./cursor";
import { Editor } from "./editor";
import {
  type Cell,
  type Column,
  cellOf,
  columnsOf,
  isAlike,
  Order,
  type Sorting,
  valueIn,
} from "./rows";
import type { TablePart } from "./table";
import { Viewport } from "./viewport";

/** What screen readers are told of the signs in cells. */
const SPOKEN: Readonly<Partial<Record<Cell["kind"], string>>> = {
  yes: "yes",
  no: "no",
  none: "nothing",
};
const ARIA_SORT = { none: "none", up: "ascending", down: "descending" } as const;
const SIGNS = { none: "", up: " ↑", down: " ↓" } as const;

/** Renders the rows of a TablePart, and does what is done to them. */
export class Grid implements ReactiveController {
  #host: TablePart;
  #editor: Editor;
  #order = new Order();
  #sorting: Sorting | undefined;
  #columns: Column[] = [];
  #rows: readonly Json[] = [];
  /** The places of the rows as they are shown; undefined where they are as in the state. */
  #shown: readonly number[] | undefined;
  /** The rows and the sorting that `#shown` was made of. */
  #made: unknown[] = [];
  #active = new Cursor(
    () => [this.#rows.length, this.#columns.length],
    (line) => this.#keyAt(line),
  );
  /** The keys of the selected row, and of the one that it is again if that is refused. */
  #selected: Json;
  #accepted: Json;
  #viewport: Viewport;
  /** Must the active cell be brought into view? */
  #isMoved = false;

  constructor(host: TablePart) {
    this.#host = host;
    this.#editor = new Editor(host, () => this.#table);
    this.#viewport = new Viewport(host, () => this.#rows.length);
    host.addController(this);
  }

  hostUpdated(): void {
    const cell = this.#isMoved ? this.#table?.querySelector(".active") : null;
    if (cell) this.#viewport.reveal(cell);
    this.#isMoved = false;
  }

  render(rows: readonly Json[]): TemplateResult {
    this.#take(rows);
    const { line, column } = this.#active;
    const [first, keys] = this.#window();
    const head = this.#viewport.rowHeight;
    const isActiveShown = line === HEAD || (line >= first && line < first + keys.length);
    const width = this.#columns.map(widthOf).join(" + ") || "0px";
    return html`<div
        class="scroller"
        style="--_row: ${head}px; max-height: ${(this.#host.rows + 1) * head + 2}px"
        @scroll=${this.#viewport.scroll}
      >
        <div style="height: ${(Math.max(rows.length, 1) + 1) * head}px; min-width: calc(${width})">
          <table
            role="grid"
            tabindex="0"
            style="top: ${first * head}px"
            aria-label=${this.#host.name}
            aria-rowcount=${Math.max(rows.length, 1) + 1}
            aria-readonly=${this.#host.onEdit ? "false" : "true"}
            aria-activedescendant=${ifDefined(isActiveShown ? `${line}:${column}` : undefined)}
            @keydown=${this.#press}
            @click=${this.#click}
            @dblclick=${this.#clickTwice}
          >
            <colgroup>
              ${this.#columns.map((one) => html`<col style="width: calc(${widthOf(one)})" />`)}
            </colgroup>
            <thead>
              <tr aria-rowindex="1">${this.#columns.map(this.#renderHead)}</tr>
            </thead>
            <tbody>
              ${repeat(
                keys,
                (key) => key,
                (_, index) => this.#renderRow(first + index),
              )}
              ${
                rows.length === 0
                  ? html`<tr aria-rowindex="2">
                      <td class="empty" colspan=${Math.max(this.#columns.length, 1)}>No rows</td>
                    </tr>`
                  : nothing
              }
            </tbody>
          </table>
        </div>
      </div>
      ${this.#editor.renderProblem()}`;
  }

  #renderHead = (column: Column, index: number): TemplateResult => {
    const way = this.#wayOf(column);
    const isActive = this.#active.isAt(HEAD, index);
    return html`<th
      id="${HEAD}:${index}"
      class="${column.isNumeric ? "number" : ""} ${isActive ? "active" : ""}"
      scope="col"
      aria-sort=${ARIA_SORT[way]}
    >
      <button tabindex="-1" title=${ifDefined(column.label.length > column.width ? column.label : undefined)}>
        ${column.label}<span aria-hidden="true">${SIGNS[way]}</span>
      </button>
    </th>`;
  };

  #renderRow(line: number): TemplateResult {
    const row = this.#rowAt(line);
    const key = this.#keyAt(line);
    const isSelected = this.#host.onSelect && key === this.#selected;
    return html`<tr
      aria-rowindex=${line + 2}
      aria-selected=${ifDefined(this.#host.onSelect ? (isSelected ? "true" : "false") : undefined)}
    >
      ${this.#columns.map((column, index) => this.#renderCell(line, row, key, column, index))}
    </tr>`;
  }

  #renderCell(line: number, row: Json, key: Json, column: Column, index: number): TemplateResult {
    const value = valueIn(row, column.key);
    const isActive = this.#active.isAt(line, index);
    if (this.#editor.isAt(key, column.key)) {
      return html`<td id="${line}:${index}" class="edited ${column.isNumeric ? "number" : ""}">
        ${this.#editor.render()}
      </td>`;
    }
    const { text, kind } = cellOf(value);
    const align = kind === "number" || (kind === "none" && column.isNumeric) ? "number" : "";
    const isLong = text.length > column.width || kind === "number";
    const spoken = SPOKEN[kind];
    return html`<td
      id="${line}:${index}"
      class="${kind} ${align} ${isActive ? "active" : ""}"
      title=${ifDefined(isLong ? `${typeof value === "string" ? value : JSON.stringify(value)}` : undefined)}
    >${spoken ? html`<span role="img" aria-label=${spoken}>${text}</span>` : text}</td>`;
  }

  // rows

  /** Takes the rows of a state: what is known of them by their keys is found again. */
  #take(rows: readonly Json[]): void {
    if (!isAlike(rows, this.#rows) || this.#host.columns !== this.#made[2]) {
      const widths = new Map(this.#columns.map(({ key, width }) => [key, width]));
      this.#columns = columnsOf(rows, this.#host.columns);
      // They only grow: what streams in must not make them tremble.
      for (const one of this.#columns) one.width = Math.max(one.width, widths.get(one.key) ?? 0);
    }
    const made = [rows, this.#sorting, this.#host.columns];
    if (made.some((one, index) => one !== this.#made[index])) {
      this.#made = made;
      this.#rows = rows;
      this.#shown = this.#sorting && this.#order.apply(rows, this.#sorting);
      this.#active.follow();
    }
  }

  #rowAt(line: number): Json {
    return this.#rows[this.#shown?.[line] ?? line];
  }

  /** Returns what a row is known by: its key, or its place. */
  #keyAt(line: number): Json {
    const place = this.#shown?.[line] ?? line;
    return valueIn(this.#rows[place], this.#host.key) ?? place;
  }

  /** Returns the first row that is rendered, and what tells those that are rendered apart. */
  #window(): [number, Json[]] {
    const { lines } = this.#viewport;
    const keys = lines.map((line) => this.#keyAt(line));
    return [lines[0] ?? 0, new Set(keys).size === keys.length ? keys : lines];
  }

  // order

  #wayOf(column: Column): keyof typeof SIGNS {
    if (this.#sorting?.key !== column.key) return "none";
    return this.#sorting.isDescending ? "down" : "up";
  }

  /** Orders by a column: upwards, downwards, as in the state. */
  #sort(column: Column): void {
    const way = this.#wayOf(column);
    this.#sorting = way === "down" ? undefined : { key: column.key, isDescending: way === "up" };
    this.#host.requestUpdate();
  }

  // what is done

  #click = (event: Event): void => {
    const place = placeOf(event);
    if (!place || isInField(event)) return;
    const [line, column] = place;
    this.#active.go(line, column);
    this.#show();
    if (line === HEAD) this.#sort(this.#columns[column] as Column);
    else this.#select();
    this.#table?.focus({ preventScroll: true });
  };

  #clickTwice = (event: Event): void => {
    if (!isInField(event)) this.#edit();
  };

  #press = (event: KeyboardEvent): void => {
    if (isInField(event)) return;
    const { line, column } = this.#active;
    if (this.#active.press(event, this.#host.rows - 1)) this.#show();
    else if (event.key === "F2") this.#edit();
    else if (event.key !== "Enter" && event.key !== " ") return;
    else if (line === HEAD) this.#sort(this.#columns[column] as Column);
    else if (event.key === " " || !this.#edit()) this.#select();
    event.preventDefault();
    event.stopPropagation(); // they are no commands to a notebook
  };

  /** Brings the active cell into view. */
  #show(): void {
    const { line } = this.#active;
    this.#isMoved = true;
    if (line !== HEAD) this.#viewport.show(line);
    this.#host.requestUpdate();
  }

  async #select(): Promise<void> {
    const { line } = this.#active;
    if (this.#host.isOff || this.#rows.length === 0 || !this.#host.onSelect) return;
    const key = this.#keyAt(line);
    this.#selected = key;
    this.#host.requestUpdate();
    try {
      await this.#host.select(key);
      this.#accepted = key;
    } catch {
      if (this.#selected === key) this.#selected = this.#accepted;
      this.#host.requestUpdate();
    }
  }

  /** Begins to edit the active cell, and tells whether it can be. */
  #edit(): boolean {
    const { line, column } = this.#active;
    const edited = this.#columns[column];
    if (!this.#host.onEdit || this.#host.isOff || line === HEAD || !edited) return false;
    if (this.#rows.length === 0 || edited.key === this.#host.key) return false;
    return this.#editor.begin(this.#keyAt(line), edited, valueIn(this.#rowAt(line), edited.key));
  }

  // the page

  get #table(): HTMLElement | null {
    return this.#host.renderRoot.querySelector("table");
  }
}

/** Returns the width of a column with its padding, as a part of a sum in CSS. */
function widthOf({ width }: Column): string {
  return `${width}ch + 1.6em`;
}

/** Returns the line and the column of the cell in which something happened. */
function placeOf(event: Event): [number, number] | undefined {
  const id = (event.target as Element).closest("td, th")?.id ?? "";
  const [line, column] = id.split(":").map(Number);
  return line === undefined || column === undefined ? undefined : [line, column];
}

/** Did it happen in the field of the edited cell, whose own affair it is? */
function isInField(event: Event): boolean {
  return (event.target as Element).matches("input, textarea");
}
