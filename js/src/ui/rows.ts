/**
 * Rows of a table: their columns, their order and what is shown of a value.
 * It knows nothing of elements.
 */

import { isObject, type Json } from "../json";
import { labelOf } from "./path";

/** Rows that are looked at for what a table's columns are like. */
const SAMPLE = 200;
/** Rows that may come or go in one place with the others still known as the same. */
const LOOK_AHEAD = 32;
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

/** Tells whether two lists of rows have the same columns for sure: their first rows are the same. */
export function isAlike(one: readonly Json[], other: readonly Json[]): boolean {
  for (let place = 0; place < SAMPLE; place += 1) if (one[place] !== other[place]) return false;
  return true;
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
  #sorting = "";
  /** The rows as they were in their list, and their places there in the last order. */
  #rows: readonly Json[] = [];
  #order: number[] = [];

  /**
   * Returns the places of the rows, in their order: equal ones as in their list, those without a
   * value at the end.
   */
  apply(rows: readonly Json[], sorting: Sorting): number[] {
    const sign = sorting.isDescending ? -1 : 1;
    const compareAt = (one: number, other: number): number => {
      const [first, second] = [valueIn(rows[one], sorting.key), valueIn(rows[other], sorting.key)];
      const missing = Number(isNothing(first)) - Number(isNothing(second));
      if (missing !== 0) return missing;
      return (isNothing(first) ? 0 : sign * compare(first, second)) || one - other;
    };
    const said = JSON.stringify([sorting.key, sorting.isDescending]);
    const kept = said === this.#sorting ? this.#kept(rows) : [];
    this.#order =
      kept.length > rows.length / 2
        ? inserted(kept, rows.length, compareAt)
        : Array.from(rows.keys()).sort(compareAt);
    this.#sorting = said;
    this.#rows = rows;
    return this.#order;
  }

  /** Returns the places of the rows that stayed, in the last order. */
  #kept(rows: readonly Json[]): number[] {
    const places = aligned(this.#rows, rows);
    const kept: number[] = [];
    for (const before of this.#order) {
      const place = places[before] as number;
      if (place >= 0) kept.push(place);
    }
    return kept;
  }
}

/**
 * Returns where the rows of one list stand in another, -1 for those that have gone. What it finds
 * stands in the same sequence in both; a row that has moved is one that has gone.
 */
function aligned(before: readonly Json[], rows: readonly Json[]): Int32Array {
  const places = new Int32Array(before.length).fill(-1);
  let [from, to] = [0, 0];
  while (from < before.length && to < rows.length) {
    if (before[from] !== rows[to]) {
      const [gone, come] = stepsTo(before, from, rows, to);
      from += gone;
      to += come;
    }
    if (before[from] === rows[to] && from < before.length) places[from] = to;
    from += 1;
    to += 1;
  }
  return places;
}

/** Returns how many rows have gone or come before the next that stayed; [0, 0] if one took the other's place. */
function stepsTo(
  before: readonly Json[],
  from: number,
  rows: readonly Json[],
  to: number,
): [number, number] {
  for (let steps = 1; steps <= LOOK_AHEAD; steps += 1) {
    if (before[from + steps] === rows[to]) return [steps, 0];
    if (before[from] === rows[to + steps]) return [0, steps];
  }
  return [0, 0];
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
