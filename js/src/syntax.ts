/**
 * Finds where a syntax error of a module is, which browsers tell in different ways, and guesses what
 * it comes from. It knows nothing of elements.
 */

import type { Place, Source } from "./source";

/** Where an error is. */
export interface Location extends Place {
  /** The address of the module as the browser tells it; undefined for the one that was imported. */
  file?: string;
}

/**
 * Returns the place of a syntax error that importing the module at `url` gave; undefined if the
 * browser does not tell.
 *
 * Firefox and Safari write it on the error. Chromium tells it only to the page's error listeners,
 * and only when a script element, not `import()`, meets the (remembered) error.
 */
export async function locate(url: string, error: SyntaxError): Promise<Location | undefined> {
  const { fileName, lineNumber, columnNumber, sourceURL, line, column } = error as SyntaxError & {
    [name in "fileName" | "sourceURL"]?: string;
  } & { [name in "lineNumber" | "columnNumber" | "line" | "column"]?: number };
  if (lineNumber !== undefined) return at(url, fileName, lineNumber, columnNumber);
  if (line !== undefined) return at(url, sourceURL, line, column);
  let place: Location | undefined;
  const onError = (event: ErrorEvent) => {
    // Failed loads of images and the like come here as well, without a message.
    if (event.message?.includes(error.message) && event.lineno > 0) {
      place = at(url, event.filename, event.lineno, event.colno);
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const script = document.createElement("script");
  script.type = "module";
  script.src = url;
  window.addEventListener("error", onError, { capture: true });
  try {
    await new Promise((resolve) => {
      script.onload = resolve;
      script.onerror = resolve;
      document.head.append(script);
      setTimeout(resolve, 1000);
    });
  } finally {
    window.removeEventListener("error", onError, { capture: true });
    script.remove();
  }
  return place;
}

/** A module that has a name of its own is told by that: only another's address has a scheme. */
function at(url: string, file: string | undefined, line: number, column = 1): Location {
  const isOther = file !== undefined && file !== url && /^(https?|data):/.test(file);
  return isOther ? { line, column, file } : { line, column };
}

const ANNOTATED =
  /^[\w$]+[?!]?\s*:\s*(string|number|boolean|any|unknown|void|never|object|bigint|[A-Z][\w$]*)\b/;
const STATEMENT = /^(export\s+)?(default\s+)?(declare|interface|enum|namespace|abstract\s+class)\b/;
const TYPE = /^(export\s+)?type\s+\w+.*=/;
const TYPE_IMPORT = /^(import|export)\s+(type\b|\{[^}]*\btype\s)/;
const MODIFIER = /^(private|public|protected|readonly|override|abstract|declare)\s/;

/**
 * Returns what is likely to be wrong with a source that a browser can't read: syntax of something
 * else that looks like JavaScript; "" for nothing known.
 * @param place where the browser stopped; undefined if it does not tell
 */
export function guess(source: Source, place: Place | undefined): string {
  const line = source.line(place?.line ?? 0);
  const indent = (source.lines[(place?.line ?? 0) - 1] ?? "").indexOf(line);
  const column = (place?.column ?? 1) - 1 - indent;
  const [before, rest] = [line.slice(0, column), line.slice(column)];
  const decorator = place
    ? rest.match(/^@[\w$.]+/)
    : source.text.match(/(?<=^\s*)@(customElement|property|state|query\w*|eventOptions)\b/m);
  if (decorator) {
    return `Browsers can't read decorators such as ${decorator[0]}: write "static properties = { ... }" for properties; the tag is defined for you`;
  }
  if (source.text.trimStart().startsWith("<")) {
    return "This looks like HTML: a cell of HTML begins with %%live_template";
  }
  const isAfterName = /[\w$)\]}]\s*$/.test(before);
  if (/^<[A-Za-z>]/.test(rest) && !/[\w$]$/.test(before)) {
    return "Browsers can't read JSX: write html`<p>…</p>`, with a $ in front of each {";
  }
  const isTypeScript =
    [STATEMENT, TYPE, TYPE_IMPORT, MODIFIER].some((form) => form.test(line)) ||
    /^(as|satisfies|implements)\s/.test(rest) ||
    ANNOTATED.test(rest) ||
    (isAfterName && /^([<:]|\?:|![.;,)\]\s])/.test(rest));
  return isTypeScript ? "Browsers can't read TypeScript: leave types and the like out" : "";
}
