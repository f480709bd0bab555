/**
 * The table: its properties and looks; the grid in it is loaded on demand. It knows nothing of
 * channels.
 */

import { css, html, nothing, type PropertyDeclarations } from "lit";
import type { Json, JsonObject } from "../json";
import { Announcer } from "./announcer";
import { Control } from "./control";
import { OnDemand } from "./demand";
import type { Grid } from "./grid";
import type { Named } from "./rows";

/**
 * `<livestate-table>`: a list of objects as rows. Dispatches `{value: key}` when a row is selected,
 * and `{key, column, value}` when a cell was edited.
 */
export class TablePart extends Control {
  static override properties: PropertyDeclarations = {
    columns: { type: Array },
    key: {},
    onSelect: { attribute: "on-select" },
    onEdit: { attribute: "on-edit" },
    rows: { type: Number },
  };

  static override styles = css`
    .title {
      margin: 0 0 0.2em;
      color: var(--_muted);
      font-size: 0.92em;
    }
    .scroller {
      position: relative;
      overflow: auto;
      overflow-anchor: none;
      border: 1px solid var(--_soft-line);
      border-radius: var(--_radius);
    }
    .scroller:focus-within {
      border-color: var(--_accent);
    }
    table {
      position: relative;
      width: 100%;
      margin: 0;
      border-collapse: separate;
      border-spacing: 0;
      table-layout: fixed;
      outline: none;
    }
    tr {
      height: var(--_row);
    }
    th,
    td {
      height: var(--_row);
      padding: 0 0.7em;
      border: 0;
      box-shadow: inset 0 -1px var(--_soft-line);
      line-height: 1.2;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
      vertical-align: middle;
      cursor: default;
    }
    th {
      position: sticky;
      top: 0;
      z-index: 1;
      padding: 0;
      background: linear-gradient(var(--_raised), var(--_raised)), var(--_surface, Canvas);
    }
    th > button {
      width: 100%;
      min-height: 0;
      height: 100%;
      padding: 0 0.7em;
      border: 0;
      background: none;
      font-weight: 600;
      text-align: left;
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    th.number > button,
    td.number {
      text-align: right;
    }
    tbody tr:hover {
      background: var(--_raised);
    }
    tr[aria-selected="true"],
    tr[aria-selected="true"]:hover {
      background: color-mix(in srgb, var(--_accent) 18%, transparent);
    }
    table:focus .active,
    td.edited {
      outline: 2px solid var(--_accent);
      outline-offset: -2px;
    }
    td.none,
    td.no,
    .empty {
      color: var(--_muted);
    }
    td.edited {
      padding: 0;
    }
    td :is(input, textarea) {
      display: block;
      width: 100%;
      min-height: 0;
      height: calc(var(--_row) - 4px);
      padding: 0 0.7em;
      border: 0;
      outline: none;
      background: none;
      font: inherit;
    }
    td textarea {
      resize: none;
    }
    td.number input {
      text-align: right;
    }
  `;

  /** The columns; all keys of the first rows by default. */
  declare columns: readonly Named[] | undefined;
  /** The column whose values tell the rows apart. */
  declare key: string;
  /** The event that selecting a row dispatches; without one rows can't be selected. */
  declare onSelect: string | undefined;
  /** The event that editing a cell dispatches; without one cells can't be edited. */
  declare onEdit: string | undefined;
  /** Rows that are visible at once. */
  declare rows: number;
  #code = new OnDemand(this, () => import("./grid"));
  #grid: Grid | undefined;
  #announcer = new Announcer(this);
  #count: number | undefined;

  constructor() {
    super();
    this.key = "id";
    this.rows = 10;
  }

  override get isOff(): boolean {
    return this.live.status !== "live";
  }

  override show(value: Json): unknown {
    if (!Array.isArray(value)) {
      return html`<p class="missing">${this.name}: no list of rows, but ${JSON.stringify(value)}</p>`;
    }
    const problem = this.#code.problem("The table");
    if (problem) return problem;
    if (!this.#grid && this.#code.module) this.#grid = new this.#code.module.Grid(this);
    this.#tell(value.length);
    return html`${this.label ? html`<p class="title" aria-hidden="true">${this.label}</p>` : nothing}
      ${this.#grid?.render(value) ?? html`<p class="missing">Loading…</p>`}
      ${this.#announcer.render()}`;
  }

  /** Tells that a row was selected; rejects with what is told as the error of the LiveState. */
  select(key: Json): Promise<void> {
    return this.dispatch({ value: key }, {}, this.onSelect);
  }

  /** Sends what a cell shall be; rejects with an Error that the grid tells. */
  async edit(fields: JsonObject): Promise<void> {
    try {
      await this.dispatch(fields, {}, this.onEdit);
    } catch (error) {
      throw new Error(this.own(error), { cause: error });
    }
  }

  #tell(count: number): void {
    if (this.#count !== undefined && count !== this.#count) {
      this.#announcer.say(`${this.name}: ${count} rows`);
    }
    this.#count = count;
  }
}
