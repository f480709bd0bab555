/**
 * The source of an element's module: what its author wrote, what browsers get of it, and which place
 * in one is which in the other. It knows nothing of what is wrong there.
 */

/** A place in a source, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/** Another text for the part of a source from `start` to `stop`, which is in one line. */
export interface Edit {
  start: number;
  stop: number;
  text: string;
}

/** A source, and the code that was made of it. */
export class Source {
  /** What the module is called in messages, e.g. `todo-list.js`. */
  readonly name: string;
  readonly text: string;
  readonly #edits: readonly Edit[];

  /** @param edits what to change, in order */
  constructor(name: string, text: string, edits: readonly Edit[] = []) {
    this.name = name;
    this.text = text;
    this.#edits = edits;
  }

  /** What browsers get; each line is where it was. */
  get code(): string {
    let code = "";
    let end = 0;
    for (const { start, stop, text } of this.#edits) {
      code += this.text.slice(end, start) + text;
      end = stop;
    }
    return code + this.text.slice(end);
  }

  get lines(): string[] {
    return this.text.split("\n");
  }

  /** Returns where a part of the text is. */
  placeAt(index: number): Place {
    const before = this.text.slice(0, index).split("\n");
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }

  /** Returns the place in the text of a place in the code; what is behind the text is its end. */
  placeOf({ line, column }: Place): Place {
    if (line > this.lines.length) return this.placeAt(this.text.trimEnd().length);
    let shifted = column;
    for (const { start, stop, text } of this.#edits) {
      const place = this.placeAt(start);
      if (place.line !== line || place.column >= shifted) continue;
      shifted = Math.max(place.column, shifted - text.length + (stop - start));
    }
    return { line, column: shifted };
  }

  /** Returns a line of the text, without its indentation; "" for none. */
  line(number: number): string {
    return this.lines[number - 1]?.trim() ?? "";
  }

  /** Returns a place in words. */
  describe(place: Place | undefined): string {
    return place ? `${this.name}, line ${place.line}, column ${place.column}` : this.name;
  }
}
