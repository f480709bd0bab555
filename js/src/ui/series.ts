/**
 * What a chart draws, read from a state: rows, or columns. It knows nothing of drawing.
 */

import { isObject, type Json } from "../json";
import { labelOf } from "./path";

/** Texts of dates that are remembered: most of them come again with the next update. */
const MAX_TIMES = 100_000;

type Numbers = readonly (number | null)[];

/** Points in the order of their x; null where a series has a gap. */
export interface Data {
  x: readonly number[];
  /** One list for each series, as long as `x`. */
  y: readonly Numbers[];
  /** Is x a time, in seconds since 1970? */
  isTime: boolean;
  /** The names that the state has nothing for. */
  missing: readonly string[];
}

/**
 * Reads the points of a chart. What it read the last time is not read again: the cost of an
 * update follows what is new in it, but for a part that is copied.
 */
export class Reader {
  #rows: readonly Json[] = [];
  /** What those rows have, by name. */
  #columns = new Map<string, Json[]>();
  #times = new Map<string, number>();

  /**
   * Returns the points of a state: a list of rows (`[{t: 0, loss: 1}, …]`), or columns
   * (`{t: [0, …], loss: [1, …]}`). Points without an x are left out.
   * @throws Error for what is neither
   */
  read(value: Json, x: string, y: readonly string[]): Data {
    const names = [x, ...y];
    let columns: (readonly Json[] | undefined)[];
    if (Array.isArray(value)) columns = this.#columnsOf(value, names);
    else if (isObject(value)) columns = names.map((name) => columnOf(value, name));
    else throw new Error(`expected rows, [{"${x}": 0, …}], or columns, {"${x}": [0, …]}`);
    const [first = [], ...others] = columns;
    const isTime = typeof first.find((one) => one !== null && one !== undefined) === "string";
    const xs = isTime ? first.map((one) => this.#time(one)) : numbersOf(first, first.length);
    const order = orderOf(xs);
    return {
      x: (order ? order.map((place) => xs[place]) : xs) as number[],
      y: others.map((column = []) => {
        const numbers = numbersOf(column, xs.length);
        return order ? order.map((place) => numbers[place] as number | null) : numbers;
      }),
      isTime,
      missing: names.filter((_, index) => columns[index] === undefined),
    };
  }

  #columnsOf(rows: readonly Json[], names: readonly string[]): (Json[] | undefined)[] {
    // Most often the first rows have gone, others have come at the end, and those between stayed.
    const from = rows.length > 0 ? this.#rows.indexOf(rows[0]) : -1;
    let kept = 0;
    if (from >= 0) while (kept < rows.length && rows[kept] === this.#rows[from + kept]) kept += 1;
    const columns = names.map((name) => {
      const column = kept > 0 ? (this.#columns.get(name)?.slice(from, from + kept) ?? []) : [];
      for (let place = column.length; place < rows.length; place += 1) {
        const row = rows[place];
        column.push(isObject(row) ? row[name] : undefined);
      }
      return column;
    });
    this.#rows = rows;
    this.#columns = new Map(names.map((name, index) => [name, columns[index] as Json[]]));
    return columns.map((column) => {
      const isMissing = column.length > 0 && column.every((one) => one === undefined);
      return isMissing ? undefined : column;
    });
  }

  /** Returns seconds since 1970, null for what is no date; without a zone it is a local time. */
  #time(text: Json): number | null {
    if (typeof text !== "string") return null;
    let time = this.#times.get(text);
    if (time === undefined) {
      time = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text) / 1_000;
      if (this.#times.size > MAX_TIMES) this.#times.clear();
      this.#times.set(text, time);
    }
    return Number.isNaN(time) ? null : time;
  }
}

function columnOf(columns: Json, name: string): Json[] | undefined {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  return Array.isArray(column) ? column : undefined;
}

/** Returns what of a column are numbers, null for the rest. */
function numbersOf(column: readonly Json[], length: number): (number | null)[] {
  const numbers: (number | null)[] = [];
  for (let place = 0; place < length; place += 1) {
    const value = column[place];
    numbers.push(typeof value === "number" ? value : null);
  }
  return numbers;
}

/** Returns the places of the points by their x; undefined where they are in order as they are. */
function orderOf(xs: Numbers): number[] | undefined {
  let last = Number.NEGATIVE_INFINITY;
  let isOrdered = true;
  for (const x of xs) {
    if (x === null || x < last) isOrdered = false;
    else last = x;
  }
  if (isOrdered) return undefined;
  return [...xs.keys()]
    .filter((place) => xs[place] !== null)
    .sort((one, other) => (xs[one] as number) - (xs[other] as number));
}

/** Returns an x or a y as people read it. */
export function textOf(value: number | null | undefined, isTime = false): string {
  if (value === null || value === undefined) return "–";
  if (isTime) return new Date(value * 1_000).toLocaleString();
  return `${Number(value.toPrecision(6))}`;
}

/** Returns the last value of a series that is one. */
export function lastOf(series: Numbers): number | null {
  return series.findLast((value) => value !== null) ?? null;
}

/**
 * Returns what a chart shows, in words.
 * @param kind what it is, such as "line chart"
 */
export function inWords(kind: string, x: string, names: readonly string[], data: Data): string {
  const count = data.x.length;
  const points = `${kind} of ${count} ${count === 1 ? "point" : "points"}`;
  if (count === 0) return points;
  const [from, to] = [data.x[0], data.x[count - 1]].map((one) => textOf(one, data.isTime));
  const series = names.map((name, index) => {
    const values = data.y[index] ?? [];
    const [least, most] = rangeOf(values);
    const last = lastOf(values);
    return last === null
      ? `${labelOf([name])}: no values`
      : `${labelOf([name])}: last ${textOf(last)}, from ${textOf(least)} to ${textOf(most)}`;
  });
  return [points, `${labelOf([x])} from ${from} to ${to}`, ...series].join("; ");
}

function rangeOf(values: Numbers): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
