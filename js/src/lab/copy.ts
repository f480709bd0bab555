/**
 * Copies what an element shows as HTML that needs no script: shadow roots become declarative ones
 * with the rules that apply there, and controls do nothing. It knows nothing of notebooks.
 */

/** What runs or loads what runs, changes attributes, or holds text that HTML does not escape. */
const LEFT_OUT =
  "script, link, iframe, object, embed, base, meta, noscript, template, " +
  "animate, animateMotion, animateTransform, set, xmp, noembed, noframes, plaintext";
const CONTROLS = "button, input, select, textarea";
/** What was typed there is nobody else's business. */
const SECRET = `[type="password"], [type="file"], [type="hidden"],
  [autocomplete*="password"], [autocomplete="one-time-code"], [autocomplete^="cc-"]`;
/** What fields hold is to be read as before. */
const LEGIBLE = ":is(input, select, textarea):disabled { opacity: 1 }";
/** States and parts that no query finds, or that are another in the copy. */
const UNSEEN =
  /:host|::|:(disabled|enabled|checked|indeterminate|placeholder|invalid|valid|popover)/;

/** Returns the HTML of what a node shows. */
export function copyOf(shown: Element): string {
  const inert = document.implementation.createHTMLDocument();
  const names = namesOf(shown);
  inert.body.append(...copy(shown, inert, names));
  return inert.body.innerHTML;
}

/** Returns the tags below a node that the page may define: in a copy nothing comes to life. */
function namesOf(shown: Element): Set<string> {
  const names = new Set<string>();
  const walk = (root: Element | ShadowRoot) => {
    for (const one of root.querySelectorAll("*")) visit(one);
  };
  const visit = (one: Element) => {
    if (one.localName.includes("-")) names.add(one.localName);
    if (one.shadowRoot) walk(one.shadowRoot);
  };
  visit(shown);
  walk(shown);
  return names;
}

function copy(node: Node, into: Document, names: Set<string>): Node[] {
  if (node instanceof Text) return [into.createTextNode(node.data)];
  if (!(node instanceof Element) || node.matches(LEFT_OUT)) return [];
  if (node instanceof HTMLStyleElement) return []; // it is among the rules of its root
  const picture = pictureOf(node, into);
  const name = names.has(node.localName) ? `${node.localName}-saved` : node.localName;
  const made = picture ?? elementOf(node.namespaceURI, name, into);
  for (const { name, value } of node.attributes) {
    if (isPassive(name, value) && !(picture && name === "src")) made.setAttribute(name, value);
  }
  if (picture) picture.style.cssText += sizeOf(node);
  if (node instanceof HTMLOptionElement) made.toggleAttribute("selected", node.selected);
  if (node.matches(CONTROLS)) disable(node as HTMLInputElement, made);
  const { shadowRoot } = node;
  if (shadowRoot) {
    const template = into.createElement("template");
    template.setAttribute("shadowrootmode", "open");
    const style = into.createElement("style");
    style.textContent = `${rulesOf(shadowRoot, names)}\n${LEGIBLE}`;
    template.content.append(style, ...copies(shadowRoot, into, names));
    made.append(template);
  }
  if (node instanceof HTMLTextAreaElement) made.textContent = node.value;
  else if (!picture) made.append(...copies(node, into, names));
  return [made];
}

/** Returns a new element; a span where parsers make one of that name, and no function does. */
function elementOf(namespace: string | null, name: string, into: Document): Element {
  try {
    return into.createElementNS(namespace, name);
  } catch {
    return into.createElement("span");
  }
}

function copies(parent: Node, into: Document, names: Set<string>): Node[] {
  return [...parent.childNodes].flatMap((child) => copy(child, into, names));
}

/** Returns a picture of what is drawn by a script or was loaded from this page's memory. */
function pictureOf(node: Element, into: Document): HTMLImageElement | undefined {
  const isLocal = node instanceof HTMLImageElement && node.src.startsWith("blob:");
  if (!isLocal && !(node instanceof HTMLCanvasElement)) return undefined;
  const picture = into.createElement("img");
  try {
    picture.src = (isLocal ? drawn(node) : (node as HTMLCanvasElement)).toDataURL();
  } catch {
    return picture; // it is empty or broken, or of a page that does not give it to others
  }
  picture.alt = node.getAttribute("alt") ?? node.getAttribute("aria-label") ?? "";
  return picture;
}

function sizeOf(node: Element): string {
  const { width, height } = node.getBoundingClientRect();
  return width > 0 ? `; width: ${width}px; height: ${height}px` : "";
}

function drawn(image: HTMLImageElement): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  return canvas;
}

function isPassive(name: string, value: string): boolean {
  if (!/^[a-z_][\w:.-]*$/i.test(name)) return false; // no function sets it, though parsers do
  if (/^on|^(action|formaction|autofocus|is|nonce|contenteditable)$/i.test(name)) return false;
  if (!/^(href|src|xlink:href)$/i.test(name)) return true;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: addresses are read without them
  return !/^(javascript|vbscript):/i.test(value.replace(/[\u0000-\u0020]/g, ""));
}

/** Makes a copy's control show what the control shows, and do nothing. */
function disable(control: HTMLInputElement, made: Element): void {
  made.setAttribute("disabled", "");
  made.removeAttribute("name");
  if (control instanceof HTMLInputElement) {
    made.toggleAttribute("checked", control.checked);
    if (control.matches(SECRET)) made.removeAttribute("value");
    else if (control.value || made.hasAttribute("value")) made.setAttribute("value", control.value);
  }
}

/** Returns the CSS of a shadow root, without the rules that apply to nothing in it. */
function rulesOf(root: ShadowRoot, names: Set<string>): string {
  const sheets = [...root.styleSheets, ...root.adoptedStyleSheets];
  const css = sheets.flatMap((sheet) => rulesIn(sheet).map((rule) => used(rule, root)));
  // Whoever reads the copy may take a style for markup: what scripts put into SVG, parsers do, too.
  const text = css
    .filter(Boolean)
    .join("\n")
    .replace(/<(?=[^\s=])/g, "\\3c ");
  // as selectors have them: with a backslash before what CSS reads otherwise
  const found = [...names].map((name) => CSS.escape(name).replace(/[^\w-]/g, "\\$&"));
  const [before, after] = ["(?<![\\w\\u0080-\\uffff.#\\\\-])", "(?![\\w\\u0080-\\uffff\\\\-])"];
  return text.replace(new RegExp(`${before}(${found.join("|")})${after}`, "g"), "$1-saved");
}

/** Returns the rules of a sheet, none of one that another server does not let this page read. */
function rulesIn(sheet: CSSStyleSheet): CSSRule[] {
  try {
    return [...sheet.cssRules];
  } catch {
    return [];
  }
}

/** Returns the text of a rule, "" if it applies to nothing. */
function used(rule: CSSRule, root: ShadowRoot): string {
  if (rule instanceof CSSStyleRule) {
    const { selectorText: selector, cssText } = rule;
    return UNSEEN.test(selector) || root.querySelector(selector) ? cssText : "";
  }
  if (rule instanceof CSSMediaRule || rule instanceof CSSSupportsRule) {
    const inner = [...rule.cssRules].map((one) => used(one, root)).filter(Boolean);
    const head = rule.cssText.slice(0, rule.cssText.indexOf("{"));
    return inner.length > 0 ? `${head}{\n${inner.join("\n")}\n}` : "";
  }
  return rule.cssText;
}
