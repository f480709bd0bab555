// @vitest-environment node
import { expect, it } from "vitest";
import { mostBytes } from "../src/size";

const circle: unknown[] = [];
circle.push({ circle });

it.each([
  "",
  'é\u0001\ud800"\\ 😀',
  -(1 / 3) * 1e-300,
  Number.NaN,
  true,
  false,
  null,
  [],
  {},
  [1, "two", [null, { "k\n": [] }], undefined],
  { a: 1, "\u0000": "\u0000", b: undefined, c: { d: [{}] } },
])(
  "is never less than %j has, and for plain values no more than ten times it and some",
  (value) => {
    const size = new TextEncoder().encode(JSON.stringify(value)).length;
    expect(mostBytes(value)).toBeGreaterThanOrEqual(size);
    expect(mostBytes(value)).toBeLessThan(10 * size + 24);
  },
);

it.each([
  [new Date(0)],
  [{ toJSON: () => "x".repeat(1_000) }],
  [[Object.create({})]],
  [new ArrayBuffer(4)],
  [circle],
])("says that writing alone can tell", (value) => {
  expect(mostBytes(value)).toBe(Number.POSITIVE_INFINITY);
});
