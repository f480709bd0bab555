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

/** Rows that are rendered above and below the visible ones. */
const SPARE_ROWS = 6;
/** A row's height in the size of the font. */
const ROW_EMS = 2;
/** The row of the column headers, as the active one. */
const HEAD = -1;

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
  #active = { line: 0, column: 0, key: undefined as Json };
  /** The keys of the selected row, and of the one that it is again if that is refused. */
  #selected: Json;
  #accepted: Json;
  #scrollTop = 0;
  #rowHeight = 14 * ROW_EMS;
  /** Must the active cell be brought into view? */
  #isMoved = false;
  #resized = new ResizeObserver(() => this.#measure());

  constructor(host: TablePart) {
    this.#host = host;
    this.#editor = new Editor(host, () => this.#table);
    this.#measure();
    host.addController(this);
  }

  hostConnected(): void {
    this.#resized.observe(this.#host);
  }

  hostDisconnected(): void {
    this.#resized.disconnect();
  }

  hostUpdated(): void {
    if (this.#isMoved) this.#reveal();
    this.#isMoved = false;
  }

  render(rows: readonly Json[]): TemplateResult {
    this.#take(rows);
    const { line, column } = this.#active;
    const [first, keys] = this.#window();
    const head = this.#rowHeight;
    const isActiveShown = line === HEAD || (line >= first && line < first + keys.length);
    const width = this.#columns.map(widthOf).join(" + ") || "0px";
    return html`<div
        class="scroller"
        style="--_row: ${head}px; max-height: ${(this.#host.rows + 1) * head + 2}px"
        @scroll=${this.#scroll}
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
    const isActive = this.#active.line === HEAD && this.#active.column === index;
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
    const isActive = this.#active.line === line && this.#active.column === index;
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
      this.#follow();
    }
  }

  /** Finds the active row again, or takes the one that stands in its place. */
  #follow(): void {
    const active = this.#active;
    active.column = Math.max(Math.min(active.column, this.#columns.length - 1), 0);
    if (active.line === HEAD) return;
    if (active.key !== undefined && this.#keyAt(active.line) !== active.key) {
      const line = this.#rows.findIndex((_, index) => this.#keyAt(index) === active.key);
      if (line >= 0) active.line = line;
    }
    active.line = Math.max(Math.min(active.line, this.#rows.length - 1), 0);
    if (active.key !== undefined) active.key = this.#keyAt(active.line);
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
    const count = this.#host.rows + 2 * SPARE_ROWS;
    const top = Math.floor(this.#scrollTop / this.#rowHeight) - SPARE_ROWS;
    const first = Math.max(Math.min(top, this.#rows.length - count), 0);
    const lines = Array.from({ length: Math.min(count, this.#rows.length) }, (_, i) => first + i);
    const keys = lines.map((line) => this.#keyAt(line));
    return [first, new Set(keys).size === keys.length ? keys : lines];
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
    this.#activate(line, column);
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
    const isWhole = event.ctrlKey || event.metaKey;
    const [last, page] = [this.#rows.length - 1, this.#host.rows - 1];
    const moves: Record<string, [number, number]> = {
      ArrowUp: [line - 1, column],
      ArrowDown: [line + 1, column],
      ArrowLeft: [line, column - 1],
      ArrowRight: [line, column + 1],
      PageUp: [Math.max(line - page, 0), column],
      PageDown: [line + page, column],
      Home: [isWhole ? 0 : line, 0],
      End: [isWhole ? last : line, this.#columns.length - 1],
    };
    const move = moves[event.key];
    if (move) this.#activate(...move);
    else if (event.key === "F2") this.#edit();
    else if (event.key !== "Enter" && event.key !== " ") return;
    else if (line === HEAD) this.#sort(this.#columns[column] as Column);
    else if (event.key === " " || !this.#edit()) this.#select();
    event.preventDefault();
    event.stopPropagation(); // they are no commands to a notebook
  };

  #activate(line: number, column: number): void {
    const to = Math.max(Math.min(line, this.#rows.length - 1), HEAD);
    const at = Math.max(Math.min(column, this.#columns.length - 1), 0);
    this.#active = { line: to, column: at, key: to === HEAD ? undefined : this.#keyAt(to) };
    this.#isMoved = true;
    const { clientHeight } = this.#scroller ?? { clientHeight: 0 };
    const top = to * this.#rowHeight;
    const bottom = top - Math.max(clientHeight - 2 * this.#rowHeight, 0);
    if (to !== HEAD) this.#scrollTo(Math.max(Math.min(this.#scrollTop, top), bottom));
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

  get #scroller(): Element | null {
    return this.#host.renderRoot.querySelector(".scroller");
  }

  #scroll = (event: Event): void => {
    const [before] = this.#window();
    this.#scrollTop = (event.target as Element).scrollTop;
    if (this.#window()[0] !== before) this.#host.requestUpdate();
  };

  #scrollTo(top: number): void {
    const scroller = this.#scroller;
    if (!scroller || top === this.#scrollTop) return;
    scroller.scrollTop = top;
    this.#scrollTop = scroller.scrollTop;
  }

  /** Brings the active cell into view from the sides, which scrolls no row. */
  #reveal(): void {
    const cell = this.#table?.querySelector(".active");
    const scroller = this.#scroller;
    if (!cell || !scroller) return;
    const [inner, outer] = [cell.getBoundingClientRect(), scroller.getBoundingClientRect()];
    scroller.scrollLeft += Math.min(inner.left - outer.left, 0);
    scroller.scrollLeft += Math.max(inner.right - outer.left - scroller.clientWidth, 0);
  }

  #measure(): void {
    const size = Number.parseFloat(getComputedStyle(this.#host).fontSize);
    const height = Math.round((size || 14) * ROW_EMS);
    if (height === this.#rowHeight) return;
    this.#rowHeight = height;
    this.#host.requestUpdate();
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
