/**
 * Which rows of a grid are in view: those that are rendered. It knows nothing of what they hold.
 */

import type { ReactiveController } from "lit";
import type { TablePart } from "./table";

/** Rows that are rendered above and below the visible ones. */
const SPARE_ROWS = 6;
/** A row's height in the size of the font. */
const ROW_EMS = 2;

/** The rows that are in view in a TablePart, as it is scrolled. */
export class Viewport implements ReactiveController {
  #host: TablePart;
  #count: () => number;
  #scrollTop = 0;
  #rowHeight = 14 * ROW_EMS;
  #resized = new ResizeObserver(() => this.#measure());

  /** @param count returns how many rows there are */
  constructor(host: TablePart, count: () => number) {
    this.#host = host;
    this.#count = count;
    this.#measure();
    host.addController(this);
  }

  hostConnected(): void {
    this.#resized.observe(this.#host);
  }

  hostDisconnected(): void {
    this.#resized.disconnect();
  }

  /** In pixels. */
  get rowHeight(): number {
    return this.#rowHeight;
  }

  /** The rows that are rendered. */
  get lines(): number[] {
    const most = this.#host.rows + 2 * SPARE_ROWS;
    const length = Math.min(most, this.#count());
    return Array.from({ length }, (_, index) => this.#first + index);
  }

  /** Takes note of how far the rows are scrolled. */
  scroll = (event: Event): void => {
    const before = this.#first;
    this.#scrollTop = (event.target as Element).scrollTop;
    if (this.#first !== before) this.#host.requestUpdate();
  };

  /** Scrolls a row into view. */
  show(line: number): void {
    const { clientHeight } = this.#scroller ?? { clientHeight: 0 };
    const top = line * this.#rowHeight;
    const bottom = top - Math.max(clientHeight - 2 * this.#rowHeight, 0);
    this.#scrollTo(Math.max(Math.min(this.#scrollTop, top), bottom));
  }

  /** Brings a cell into view from the sides, which scrolls no row. */
  reveal(cell: Element): void {
    const scroller = this.#scroller;
    if (!scroller) return;
    const [inner, outer] = [cell.getBoundingClientRect(), scroller.getBoundingClientRect()];
    scroller.scrollLeft += Math.min(inner.left - outer.left, 0);
    scroller.scrollLeft += Math.max(inner.right - outer.left - scroller.clientWidth, 0);
  }

  get #first(): number {
    const top = Math.floor(this.#scrollTop / this.#rowHeight) - SPARE_ROWS;
    return Math.max(Math.min(top, this.#count() - this.#host.rows - 2 * SPARE_ROWS), 0);
  }

  get #scroller(): Element | null {
    return this.#host.renderRoot.querySelector(".scroller");
  }

  #scrollTo(top: number): void {
    const scroller = this.#scroller;
    if (!scroller || top === this.#scrollTop) return;
    scroller.scrollTop = top;
    this.#scrollTop = scroller.scrollTop;
  }

  #measure(): void {
    const size = Number.parseFloat(getComputedStyle(this.#host).fontSize);
    const height = Math.round((size || 14) * ROW_EMS);
    if (height === this.#rowHeight) return;
    this.#rowHeight = height;
    this.#host.requestUpdate();
  }
}
