/**
 * Rows of a table: their columns, their order and what is shown of a value.
 * It knows nothing of elements.
 */

import { isObject, type Json } from "../json";
import { labelOf } from "./path";

/** Rows that are looked at for what a table's columns are like. */
const SAMPLE = 200;
/** Widths of columns, in characters. */
const [NARROWEST, WIDEST] = [4, 40];
/** What the sign of the order needs beside a column's label. */
const SIGN = 2;

/** A column: a key of the rows, and how it is shown. */
export interface Column {
  key: string;
  label: string;
  /** Are the values numbers, as far as there are any? */
  isNumeric: boolean;
  /** In characters. */
  width: number;
}

/** A column that is to be shown: its key, or its label and its key. */
export type Named = string | readonly [string, string];

/** What the rows are ordered by. */
export interface Sorting {
  key: string;
  isDescending: boolean;
}

/** What a cell shows. */
export interface Cell {
  text: string;
  kind: "text" | "number" | "yes" | "no" | "none" | "other";
}

/** Returns what a row has in a column. */
export function valueIn(row: Json, key: string): Json | undefined {
  return isObject(row) && Object.hasOwn(row, key) ? row[key] : undefined;
}

/**
 * Returns the columns of rows, of which the first 200 are looked at.
 *
 * @param given those to show; all keys that the rows have by default
 */
export function columnsOf(rows: readonly Json[], given?: readonly Named[]): Column[] {
  const sample = rows.slice(0, SAMPLE);
  const keys = new Set(sample.flatMap((row) => (isObject(row) ? Object.keys(row) : [])));
  return (given ?? [...keys]).map((named) => {
    const [label, key] = typeof named === "string" ? [labelOf([named]), named] : named;
    const values = sample.map((row) => valueIn(row, key)).filter((value) => !isNothing(value));
    const lengths = values.map((value) => cellOf(value).text.length);
    const needed = Math.max(label.length + SIGN, NARROWEST, ...lengths);
    return {
      key,
      label,
      isNumeric: values.length > 0 && values.every((value) => typeof value === "number"),
      width: Math.min(needed, WIDEST),
    };
  });
}

/** Returns what a cell shows of a value. */
export function cellOf(value: Json | undefined): Cell {
  if (isNothing(value)) return { text: "–", kind: "none" };
  if (typeof value === "number") return { text: numberText(value), kind: "number" };
  if (typeof value === "boolean") {
    return value ? { text: "✓", kind: "yes" } : { text: "✗", kind: "no" };
  }
  if (typeof value === "string") return { text: textOfDate(value) ?? value, kind: "text" };
  return { text: JSON.stringify(value), kind: "other" };
}

/** Floats to six digits behind the point, small ones to six digits; whole numbers as they are. */
function numberText(value: number): string {
  if (Number.isInteger(value)) return `${value}`;
  return `${Number(Math.abs(value) < 0.001 ? value.toPrecision(6) : value.toFixed(6))}`;
}

/** Dates with times as people write them; undefined for other texts. */
function textOfDate(value: string): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(
    value,
  );
  return parts ? `${parts[1]} ${parts[2]}${parts[3] ?? ""}` : undefined;
}

function isNothing(value: Json | undefined): value is null | undefined {
  return value === null || value === undefined;
}

const { compare: compareTexts } = new Intl.Collator(undefined, { numeric: true });
const RANKS: Readonly<Record<string, number>> = { boolean: 0, number: 1, string: 2 };

/** Compares values: truth values, numbers, texts, the rest. */
function compare(one: Json, other: Json): number {
  const rank = RANKS[typeof one] ?? 3;
  const difference = rank - (RANKS[typeof other] ?? 3);
  if (difference !== 0 || rank === 3) return difference;
  return rank === 2 ? compareTexts(one, other) : Number(one) - Number(other);
}

/**
 * The order of rows by a column. Rows that are the same objects as the last time are not compared
 * with each other again, so that the cost of a patch follows what it changed.
 */
export class Order {
  /** What the last order was by; nothing if one row stood in two places. */
  #sorting = "";
  /** The rows in the last order, and the places that they had in their list. */
  #rows: readonly Json[] = [];
  #places = new Map<Json, number>();

  /**
   * Returns the places of the rows, in their order: equal ones as in their list, those without a
   * value at the end.
   */
  apply(rows: readonly Json[], sorting: Sorting): number[] {
    const values = rows.map((row) => valueIn(row, sorting.key));
    const sign = sorting.isDescending ? -1 : 1;
    const compareAt = (one: number, other: number): number => {
      const [first, second] = [values[one], values[other]];
      const missing = Number(isNothing(first)) - Number(isNothing(second));
      if (missing !== 0) return missing;
      return (isNothing(first) ? 0 : sign * compare(first, second)) || one - other;
    };
    const places = new Map(rows.map((row, place) => [row, place]));
    const isDistinct = places.size === rows.length;
    const said = isDistinct ? JSON.stringify([sorting.key, sorting.isDescending]) : "";
    const kept = said && said === this.#sorting ? this.#kept(rows, places) : [];
    const order =
      kept.length > rows.length / 2
        ? inserted(kept, rows.length, compareAt)
        : Array.from(rows.keys()).sort(compareAt);
    this.#sorting = said;
    this.#places = places;
    this.#rows = order.map((place) => rows[place]);
    return order;
  }

  /** Returns the places of the rows that there were the last time, in that order; none if they have moved. */
  #kept(rows: readonly Json[], places: ReadonlyMap<Json, number>): number[] {
    let last = -1;
    for (const row of rows) {
      const before = this.#places.get(row);
      if (before === undefined) continue;
      if (before < last) return []; // equal ones may stand in another order
      last = before;
    }
    const kept: number[] = [];
    for (const row of this.#rows) {
      const place = places.get(row);
      if (place !== undefined) kept.push(place);
    }
    return kept;
  }
}

/** Returns ordered places with those that they lack, up to `count`, put in. */
function inserted(
  kept: readonly number[],
  count: number,
  compareAt: (one: number, other: number) => number,
): number[] {
  const isKept = new Uint8Array(count);
  for (const place of kept) isKept[place] = 1;
  const added: number[] = [];
  for (let place = 0; place < count; place += 1) if (!isKept[place]) added.push(place);
  added.sort(compareAt);
  const order: number[] = [];
  let from = 0;
  for (const place of added) {
    let [low, high] = [from, kept.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareAt(kept[middle] as number, place) < 0) low = middle + 1;
      else high = middle;
    }
    for (; from < low; from += 1) order.push(kept[from] as number);
    order.push(place);
  }
  for (; from < kept.length; from += 1) order.push(kept[from] as number);
  return order;
}
