/** docs/javascript.md names all that the entry points export, and nothing else. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { exports as entries } from "../package.json";
import { LiveController } from "../src/controller";
import { LiveState } from "../src/live-state";

const JS = resolve(import.meta.dirname, "..");
const PAGE = readFileSync(resolve(JS, "../docs/javascript.md"), "utf8");

/** Entry points as they are imported, and their sources. */
const SOURCES = Object.entries(entries)
  .filter(([path]) => path !== "./package.json")
  .map(([path, target]) => {
    const { default: built } = target as { default: string };
    const source = built.replace("./dist", `${JS}/src`).replace(/js$/, "ts");
    return [`livestate-nb${path.slice(1)}`, source] as const;
  });

/** Returns what stands on the page under a heading, up to the next of its level. */
function section(heading: string): string {
  const level = heading.split(" ")[0];
  const [, text = ""] = PAGE.split(`\n${heading}\n`);
  return text.split(`\n${level} `)[0] as string;
}

/** Returns the names in the first column of the tables that begin with a header. */
function namesIn(text: string, header: string): string[] {
  const tables = text
    .trim()
    .split("\n\n")
    .filter((table) => table.startsWith(`| ${header} |`));
  const cells = tables
    .flatMap((table) => table.split("\n").slice(2))
    .map((row) => row.split("|")[1]);
  return cells.flatMap((cell) =>
    [...(cell ?? "").matchAll(/`(\w+)[^`]*`/g)].map(([, name]) => name as string),
  );
}

/** Returns the names that a module exports, types too, by its text. */
function exported(source: string): string[] {
  const text = readFileSync(source, "utf8");
  const declared = text.matchAll(
    /^export (?:abstract )?(?:class|const|function|interface|type) (\w+)/gm,
  );
  const lists = [...text.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
    list.split(",").map((item) => item.trim().split(" ").at(-1) as string),
  );
  const names = new Set([...[...declared].map(([, name]) => name as string), ...lists]);
  return [...names].filter((name) => name !== "" && name !== "default");
}

/** Members that are no reader's: those that Lit calls, and those of subclasses. */
const LIFECYCLE = ["hostConnected", "hostDisconnected", "hostUpdate", "hostUpdated"];
const INNER = ["constructor", "emit", "send", ...LIFECYCLE];

/** Returns the public members of a class, those of an EventTarget left out unless it has its own. */
function membersOf(type: { prototype: object }): string[] {
  const names: string[] = [];
  let owner = type.prototype;
  while (owner !== EventTarget.prototype && owner !== Object.prototype) {
    names.push(...Object.getOwnPropertyNames(owner));
    owner = Object.getPrototypeOf(owner);
  }
  return names.filter((name) => !INNER.includes(name));
}

describe.each(SOURCES)("%s", (entry, source) => {
  it("has each of its exports on the page, and the page has no other", () => {
    const names = namesIn(section(`## \`${entry}\``), "name");
    expect(names.toSorted()).toEqual(exported(source).toSorted());
  });

  it("exports no value that its text does not name", async () => {
    const values = Object.keys(await import(source)).filter((name) => name !== "default");
    expect(exported(source)).toEqual(expect.arrayContaining(values));
  });
});

it.each([
  ["LiveState", LiveState],
  ["LiveController", LiveController],
])("each public member of a %s is on the page", (name, type) => {
  const told = namesIn(section(`### \`${name}\``), "member");
  expect(told).toEqual(expect.arrayContaining(membersOf(type)));
});
