/**
 * Which cell of a grid is active, found again by its row's key. It knows nothing of the page.
 */

import type { Json } from "../json";

/** The row of the column headers. */
export const HEAD = -1;

/** The active cell: its line, its column, and the key of its row once it was chosen. */
export class Cursor {
  #size: () => [lines: number, columns: number];
  #keyAt: (line: number) => Json;
  #line = 0;
  #column = 0;
  #key: Json;

  /**
   * @param size returns how many lines and columns there are
   * @param keyAt returns what the row at a line is known by
   */
  constructor(size: () => [lines: number, columns: number], keyAt: (line: number) => Json) {
    this.#size = size;
    this.#keyAt = keyAt;
  }

  get line(): number {
    return this.#line;
  }

  get column(): number {
    return this.#column;
  }

  isAt(line: number, column: number): boolean {
    return this.#line === line && this.#column === column;
  }

  /** Goes to a cell, or to the one that is next to it where there is none. */
  go(line: number, column: number): void {
    const [lines, columns] = this.#size();
    this.#line = Math.max(Math.min(line, lines - 1), HEAD);
    this.#column = Math.max(Math.min(column, columns - 1), 0);
    this.#key = this.#line === HEAD ? undefined : this.#keyAt(this.#line);
  }

  /** Finds its row again among others, or takes the one that stands in its place. */
  follow(): void {
    const [lines, columns] = this.#size();
    this.#column = Math.max(Math.min(this.#column, columns - 1), 0);
    if (this.#line === HEAD) return;
    if (this.#key !== undefined && this.#keyAt(this.#line) !== this.#key) {
      let line = 0;
      while (line < lines && this.#keyAt(line) !== this.#key) line += 1;
      if (line < lines) this.#line = line;
    }
    this.#line = Math.max(Math.min(this.#line, lines - 1), 0);
    if (this.#key !== undefined) this.#key = this.#keyAt(this.#line);
  }

  /**
   * Moves as a key says, and tells whether it is one that moves.
   * @param page lines that are visible at once
   */
  press({ ctrlKey, key, metaKey }: KeyboardEvent, page: number): boolean {
    const [line, column] = [this.#line, this.#column];
    const [lines, columns] = this.#size();
    const isWhole = ctrlKey || metaKey;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [line - 1, column],
      ArrowDown: [line + 1, column],
      ArrowLeft: [line, column - 1],
      ArrowRight: [line, column + 1],
      PageUp: [Math.max(line - page, 0), column],
      PageDown: [line + page, column],
      Home: [isWhole ? 0 : line, 0],
      End: [isWhole ? lines - 1 : line, columns - 1],
    };
    const move = moves[key];
    if (move) this.go(...move);
    return move !== undefined;
  }
}
