/**
 * What a chart draws, read from a state: rows, or columns. It knows nothing of drawing.
 */

import { isObject, type Json } from "../json";
import { labelOf } from "./path";

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

/** Texts of dates that were read already: most of them come again with the next update. */
export class Times {
  #known = new Map<string, number>();

  /** Returns seconds since 1970; NaN for what is no date. Without a zone it is a local time. */
  read(text: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const local = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text;
    const time = Date.parse(local) / 1_000;
    if (this.#known.size > 100_000) this.#known.clear();
    this.#known.set(text, time);
    return time;
  }
}

/**
 * Returns the points of a state: a list of rows (`[{t: 0, loss: 1}, …]`), or columns
 * (`{t: [0, …], loss: [1, …]}`). Points without an x are left out.
 * @throws Error for what is neither
 */
export function dataOf(value: Json, x: string, y: readonly string[], times: Times): Data {
  if (!Array.isArray(value) && !isObject(value)) {
    throw new Error(`expected rows, [{"${x}": 0, …}], or columns, {"${x}": [0, …]}`);
  }
  const columnOf = Array.isArray(value) ? columnOfRows(value) : columnOfColumns(value);
  const names = [x, ...y];
  const columns = names.map((name) => columnOf(name));
  const missing = names.filter((_, index) => columns[index] === undefined);
  const [first = [], ...others] = columns;
  const isTime = typeof first.find((one) => one !== null && one !== undefined) === "string";
  const xs = first.map((one) => (typeof one === "string" ? times.read(one) : numberOf(one)));
  const order = orderOf(xs);
  return {
    x: order ? order.map((place) => xs[place] as number) : (xs as number[]),
    y: others.map((column = []) => {
      const length = order ? order.length : xs.length;
      return Array.from({ length }, (_, index) => numberOf(column[order?.[index] ?? index]));
    }),
    isTime,
    missing,
  };
}

function columnOfRows(rows: readonly Json[]): (name: string) => Json[] | undefined {
  return (name) => {
    const column = rows.map((row) => (isObject(row) ? row[name] : undefined));
    const isMissing = rows.length > 0 && column.every((one) => one === undefined);
    return isMissing ? undefined : column;
  };
}

function columnOfColumns(columns: Json): (name: string) => Json[] | undefined {
  return (name) => {
    const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
    return Array.isArray(column) ? column : undefined;
  };
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === "number" ? value : null;
}

/** Returns the places of the points by their x; undefined where they are in order as they are. */
function orderOf(xs: Numbers): number[] | undefined {
  let last = Number.NEGATIVE_INFINITY;
  const isOrdered = xs.every((x) => {
    const isNext = x !== null && x >= last;
    last = x ?? last;
    return isNext;
  });
  if (isOrdered) return undefined;
  return [...xs.keys()]
    .filter((place) => Number.isFinite(xs[place]))
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
