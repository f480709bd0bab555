/**
 * Finds where a syntax error of a module is, which browsers tell in different ways.
 * It knows nothing of elements.
 */

/** A place in a source, both from 1. */
export interface Place {
  line: number;
  column: number;
}

/**
 * Returns the place of a syntax error that importing the module at `url` gave; undefined if the
 * browser does not tell.
 *
 * Firefox and Safari write it on the error. Chromium tells it only to the page's error listeners,
 * and only when a script element, not `import()`, meets the (remembered) error.
 */
export async function locate(url: string, error: SyntaxError): Promise<Place | undefined> {
  const { lineNumber, columnNumber, line, column } = error as SyntaxError & Record<string, number>;
  if (lineNumber !== undefined) return { line: lineNumber, column: columnNumber ?? 1 };
  if (line !== undefined) return { line, column: column ?? 1 };
  let place: Place | undefined;
  const onError = (event: ErrorEvent) => {
    // Failed loads of images and the like come here as well, without a message.
    if (event.message?.includes(error.message) && event.lineno > 0) {
      place = { line: event.lineno, column: event.colno };
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
