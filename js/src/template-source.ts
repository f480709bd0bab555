/**
 * Where the expressions of a template stand in its source: each is marked with its place, which
 * goes wherever its attribute goes, into copies too. It knows nothing of what expressions mean.
 */

import { type Place, Source } from "./source";

/** A comment, or the beginning of an element's start tag. */
const TAG = /<!--[\s\S]*?-->|<([a-z][^\s/>]*)/gi;

/** The end of a start tag, or one of its attributes: its name and its value in or without quotes. */
const ATTRIBUTE =
  /[\s/]*(?:(>)|([^\s/>][^\s/=>]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]\S*?(?=[\s>]))))?)/y;

/** Elements whose content is text, whatever stands there. */
const TEXTS = /^(script|style|textarea|title|xmp|iframe|noembed|noframes)$/i;

/** A character for private use, which no author writes, before a line and a column. */
const MARK = /\u{F6E1A}(\d+):(\d+);/gu;

/** Returns the HTML of a template with the place of each directive's value behind that. */
export function markPlaces(html: string): string {
  const source = new Source("", html);
  let marked = "";
  let end = 0;
  TAG.lastIndex = 0;
  for (let tag = TAG.exec(html); tag; tag = TAG.exec(html)) {
    const [, name] = tag;
    if (!name) continue;
    ATTRIBUTE.lastIndex = TAG.lastIndex;
    for (let found = ATTRIBUTE.exec(html); found; found = ATTRIBUTE.exec(html)) {
      TAG.lastIndex = ATTRIBUTE.lastIndex;
      const [, isEnd, attribute, ...values] = found;
      if (isEnd) break;
      const value = values.find((one) => one !== undefined);
      if (!attribute?.startsWith(":") || !value) continue;
      const isQuoted = values[2] === undefined;
      const stop = ATTRIBUTE.lastIndex - (isQuoted ? 1 : 0);
      const { line, column } = source.placeAt(stop - value.length);
      marked += `${html.slice(end, stop)}\u{F6E1A}${line}:${column};`;
      end = stop;
    }
    if (TEXTS.test(name)) TAG.lastIndex = endOfText(html, name, TAG.lastIndex);
  }
  return marked + html.slice(end);
}

/** Returns an expression as its author wrote it. */
export function unmark(expression: string): string {
  return expression.replaceAll(MARK, "");
}

/** Returns where an expression stands in its source; undefined if it has no mark. */
export function placeOf(expression: string): Place | undefined {
  const [[, line, column] = []] = expression.matchAll(MARK);
  return line ? { line: Number(line), column: Number(column) } : undefined;
}

/** Returns where the text in an element ends. */
function endOfText(html: string, name: string, start: number): number {
  const found = html.slice(start).search(new RegExp(`</${name}`, "i"));
  return found < 0 ? html.length : start + found;
}
