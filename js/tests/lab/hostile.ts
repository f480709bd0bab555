/**
 * Elements and saved outputs that do not keep to the rules, for a real browser: only its parser is
 * the one that copies must get past. tests/ui/test_hostile_copies.py runs it.
 */
import fc from "fast-check";
import { copyOf } from "../../src/lab/copy";
import { savedNow } from "../../src/lab/output";

export { copyOf };

const HURT = "<img src=x onerror='window.hurt = 1'>";

/** Texts that end what they stand in, where a copy does not escape them. */
const texts = fc.constantFrom(
  "plain",
  "",
  HURT,
  `</script>${HURT}`,
  `</style>${HURT}`,
  `</textarea></title></xmp></noscript></template></svg></math>${HURT}`,
  `<!--${HURT}`,
  `--!>${HURT}`,
  `]]>${HURT}`,
  `"'>${HURT}`,
  "x-a { color: red } x-a\\.b, x-é { color: blue }",
  "\u0000\ufeff\u2028",
);
const styles = fc.oneof(
  texts,
  fc.constantFrom(
    `b::before { content: "${HURT}" }`,
    `b::before { content: "</style>${HURT}" }`,
    `:host([title="${HURT}"]) { color: red }`,
    `@media (width > 1px) { x-a::after { background: url("data:image/svg+xml,${HURT}") } }`,
    `@import url("x.css?${HURT}");`,
  ),
);
const names = fc.constantFrom(
  ...["div", "p", "b", "a", "svg", "math", "style", "script", "noscript", "template", "textarea"],
  ...["input", "button", "select", "option", "title", "xmp", "iframe", "img", "table", "tr", "td"],
  ...["mtext", "mglyph", "foreignObject", "desc", "annotation-xml", "form", "canvas", "plaintext"],
  ...["x-a", "x-a.b", "x-é", "x-a(", "x-[", "x-a|b", "x-\\", "x-*", "x-$&", "x-+?", "x-{", "x-__"],
);
const attributes = fc.constantFrom<readonly [string, string]>(
  ["onclick", "window.hurt = 2"],
  ["ONerror", "window.hurt = 2"],
  ["src", "x"],
  ["src", " java\nscript:window.hurt = 3"],
  ["href", "\u0001javascript:window.hurt = 3"],
  ["xlink:href", "javascript:window.hurt = 3"],
  ["srcdoc", HURT],
  ["style", `background: url("</style>${HURT}")`],
  ["title", `"'>${HURT}`],
  ["is", "x-a"],
  ["class", "a"],
  ["type", "hidden"],
  ["value", "</template>"],
  ["shadowrootmode", "open"],
  ["autofocus", ""],
);

/** A part of an element: what a script builds, or what a parser makes of markup. */
type Part =
  | { text: string }
  | { markup: string }
  | {
      name: string;
      attributes: (readonly [string, string])[];
      parts: Part[];
      shadow: Part[] | null;
      rules: string;
    };

const markup = fc
  .array(
    fc.oneof(
      texts,
      fc.tuple(names, attributes).map(([name, [key, value]]) => `<${name} ${key}='${value}'>`),
      names.map((name) => `<${name}>`),
      names.map((name) => `</${name}>`),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((some) => some.join(""));
const part = fc.letrec<{ part: Part }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ text: texts }),
    fc.record({ markup }),
    fc.record({
      name: names,
      attributes: fc.array(attributes, { maxLength: 2 }),
      parts: fc.array(tie("part"), { maxLength: 3 }),
      shadow: fc.option(fc.array(tie("part"), { minLength: 1, maxLength: 2 })),
      rules: styles,
    }),
  ),
})).part;

function build(into: Element | ShadowRoot, one: Part): void {
  if ("text" in one) into.append(one.text);
  else if ("markup" in one) {
    const parsed = document.createElement("template");
    parsed.innerHTML = one.markup;
    into.append(parsed.content);
  } else {
    const made = element(one.name);
    for (const [key, value] of one.attributes) made.setAttribute(key, value);
    for (const inner of one.parts) build(made, inner);
    into.append(made);
    if (one.shadow && made.localName.includes("-")) shade(made, one.shadow, one.rules);
  }
}

/** Makes an element, by a parser where no function gives it such a name. */
function element(name: string): Element {
  try {
    if (["svg", "foreignObject", "desc"].includes(name)) {
      return document.createElementNS("http://www.w3.org/2000/svg", name);
    }
    return document.createElement(name);
  } catch {
    const parsed = document.createElement("template");
    parsed.innerHTML = `<${name}></${name}>`;
    return parsed.content.firstElementChild as Element;
  }
}

function shade(host: Element, parts: Part[], rules: string): void {
  let root: ShadowRoot;
  try {
    root = host.attachShadow({ mode: "open" });
  } catch {
    return; // not every name may have one
  }
  const style = document.createElement("style");
  style.textContent = rules;
  root.append(style);
  for (const one of parts) build(root, one);
}

/** Checks that what a browser makes of HTML runs nothing and loads nothing that runs. */
function expectDead(root: ParentNode): void {
  for (const one of root.querySelectorAll("*")) {
    const told = one.outerHTML.slice(0, 300);
    const name = one.localName.toLowerCase();
    const isRoot = one instanceof HTMLTemplateElement && one.hasAttribute("shadowrootmode");
    if (/^(script|iframe|object|embed|base|meta|link|noscript|set)$/.test(name)) fail(told);
    if (one instanceof HTMLTemplateElement && !isRoot) fail(told);
    if (name.includes("-") && !name.endsWith("-saved")) fail(told);
    for (const { name, value } of one.attributes) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: addresses are read without them
      const address = value.replace(/[\u0000-\u0020]/g, "");
      if (/^on|^(is|formaction|action)$/i.test(name)) fail(told);
      if (/(href|src)$/i.test(name) && /^(java|vb)script:/i.test(address)) fail(told);
    }
    if (one.shadowRoot) expectDead(one.shadowRoot);
    if (isRoot) expectDead(one.content);
  }
}

function fail(told: string): never {
  throw new Error(`it lives: ${told}`);
}

/** Reads HTML in each of the ways in which notebooks and their exports are read. */
function read(html: string): void {
  const place = document.createElement("div");
  document.body.append(place);
  const roots = [
    new DOMParser().parseFromString(html, "text/html"),
    (Document as unknown as { parseHTMLUnsafe(html: string): Document }).parseHTMLUnsafe(html),
    place,
  ];
  (place as HTMLElement & { setHTMLUnsafe(html: string): void }).setHTMLUnsafe(html);
  for (const root of roots) expectDead(root);
  place.remove();
}

/** Copies elements, and reads the copies, and what they are written as when they were read. */
export function copies(numRuns: number): void {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), styles, (parts, rules) => {
      const shown = document.createElement("x-shown");
      shade(shown, parts, rules);
      document.body.append(shown);
      try {
        const html = copyOf(shown);
        read(html);
        read(new DOMParser().parseFromString(html, "text/html").body.innerHTML);
      } finally {
        shown.remove();
      }
    }),
    { numRuns },
  );
}

/** Puts copies into outputs that were saved, whatever those are. */
export function outputs(numRuns: number): void {
  const frames = fc
    .tuple(texts, texts, fc.boolean())
    .map(
      ([before, content, hasTime]) =>
        `${before}<div class="livestate-saved"><template shadowrootmode="open">` +
        `${hasTime ? "<time></time>" : ""}<div class="content">${content}</div></template></div>`,
    );
  const saved = fc.oneof(
    frames,
    frames.map((html) => html.split(/(?=<)/)),
    fc.jsonValue(),
    fc.constantFrom<unknown>({ toString: null, valueOf: null }, [{ toString: 1 }], [["<p>"]]),
  );
  fc.assert(
    fc.property(saved, fc.array(part, { maxLength: 3 }), (html, parts) => {
      const shown = document.createElement("x-shown");
      shade(shown, parts, "");
      const view = document.createElement("livestate-view");
      Object.assign(view, { element: shown, liveState: { state: {} } });
      const node = document.createElement("div");
      node.append(view, shown);
      document.body.append(node);
      try {
        const now = savedNow(node, html);
        if (now === undefined) return;
        const page = new DOMParser().parseFromString(now, "text/html");
        const frame = page.querySelector<HTMLTemplateElement>(".livestate-saved > template");
        expectDead((frame as HTMLTemplateElement).content.querySelector(".content") as Element);
      } finally {
        node.remove();
      }
    }),
    { numRuns },
  );
}
