import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import card from "../src/card";
import type { Json } from "../src/json";
import type { Secret, Terms } from "../src/paste";
import { find, findAll, textOf } from "./page";
import { until } from "./until";

const TERMS: Terms = {
  id: "ab12",
  topic: "todos:me",
  events: ["add", "remove"],
  origins: ["https://a.example", "https://b.example"],
  expires: Date.now() / 1000 + 3_600,
  element: "todo-list",
};
const SECRET: Secret = {
  token: "lvs.secret",
  mount: "/base/livestate/public",
  script: "/base/livestate/public/ab12/todo-list.js",
  url: "",
};

/** A widget's model, with the kernel's end of its comm in the test's hands. */
class Model {
  readonly sent: Json[] = [];
  readonly listeners = new Set<(message: Json) => void>();

  constructor(
    readonly terms: Terms,
    readonly isAlive = true,
  ) {}

  get = () => this.terms;

  on(_event: string, listener: (message: Json) => void): void {
    this.listeners.add(listener);
  }

  off(_event: string, listener: (message: Json) => void): void {
    this.listeners.delete(listener);
  }

  send(message: Json): void {
    if (!this.isAlive) throw new Error("Cannot send");
    this.sent.push(message);
  }

  answer(secret: Partial<Secret> | null): void {
    const message = { livestate: "share", secret: secret && { ...SECRET, ...secret } };
    for (const listener of this.listeners) listener(message);
  }
}

type Shown = Parameters<typeof card.render>[0]["model"];

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
  document.body.replaceChildren();
  document.head.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function view(model: Model): HTMLElement {
  const el = document.createElement("div");
  document.body.append(el);
  // As anywidget does, which gives each view an object of its own.
  const own = new Proxy(model, {}) as unknown as Shown;
  ends.push(card.render({ model: own, el }));
  return el;
}

function show(terms: Partial<Terms> = {}, isAlive = true): { model: Model; el: HTMLElement } {
  const model = new Model({ ...TERMS, ...terms }, isAlive);
  ends.push(card.initialize({ model: model as unknown as Shown }));
  return { model, el: view(model) };
}

const pasted = (el: HTMLElement) => find(el, "pre").textContent ?? "";

/** Returns the HTML as a page would read it. */
const parsed = (el: HTMLElement) => new DOMParser().parseFromString(pasted(el), "text/html");

describe("the card of a share", () => {
  it("says what may be done, by whom and how it is ended, before the kernel answers", () => {
    const { el } = show();
    expect(textOf(el)).toContain("Share of todos:me , until ");
    const who = "Pages of https://a.example , https://b.example may join it";
    expect(textOf(el)).toContain(`${who} and dispatch add , remove .`);
    expect(textOf(el)).toContain("To end it: %livestate revoke ab12");
    expect(findAll(el, "pre")).toEqual([]);
  });

  it.each([
    [
      { events: "*" as const, origins: ["*"] },
      "Pages of any site may join it and dispatch any event .",
    ],
    [{ events: [], origins: ["null"] }, "Pages of null may join it and only read ."],
    [{ expires: 0 }, "Share of todos:me , ended "],
  ])("says of %j: %s", (terms, text) => {
    expect(textOf(show(terms).el)).toContain(text);
  });

  it("shows HTML with the element, as this page reaches the server", () => {
    const config = document.createElement("script");
    config.id = "jupyter-config-data";
    config.textContent = JSON.stringify({ baseUrl: "https://hub.example/base/" });
    document.head.append(config);
    const { model, el } = show();
    expect(model.sent).toEqual([{ livestate: "share" }]);
    model.answer({});
    expect(pasted(el)).toBe(
      `<script type="module" src="https://hub.example/base/livestate/public/ab12/todo-list.js"></script>
<todo-list
  url="wss://hub.example/base/livestate/public"
  topic="todos:me"
  share="lvs.secret"
></todo-list>`,
    );
    expect(findAll(el, "strong")).toHaveLength(1);
  });

  it("takes the address that the author gives for the public", () => {
    const { model, el } = show();
    model.answer({ url: "http://pipespot.example/live/" });
    expect(pasted(el)).toContain(
      'src="http://pipespot.example/live/livestate/public/ab12/todo-list.js"',
    );
    expect(pasted(el)).toContain('url="ws://pipespot.example/live/livestate/public"');
  });

  it("says what is left to do", () => {
    const { model, el } = show({ topic: "todos:*" });
    model.answer({ url: "http://127.0.0.1:8888/" });
    expect(textOf(el)).toContain("In topic put in which one.");
    expect(textOf(el)).toContain("Only this machine reaches it there");
  });

  it("shows lines for the client where there is no element", () => {
    const { model, el } = show({ element: "" });
    model.answer({ script: null, url: "https://pipespot.example" });
    const script = parsed(el).querySelector("script[type=module]")?.textContent ?? "";
    expect(script).toContain(
      'import { LiveState } from "https://pipespot.example/livestate/static/livestate.js";',
    );
    expect(script).toContain('url: "wss://pipespot.example/livestate/public",');
    expect(script).toContain('share: "lvs.secret",');
  });

  it.each(["todo-list", ""])("writes any topic so that a page reads it (%s)", (element) => {
    const topic = `"</script>&amp;<b x='`;
    const { model, el } = show({ element, topic });
    model.answer({});
    const page = parsed(el);
    expect(page.querySelectorAll("b")).toHaveLength(0);
    const script = page.querySelector("script:not([src])")?.textContent;
    const written = /topic: (".*"),/.exec(script ?? "")?.[1];
    expect(
      written ? JSON.parse(written) : page.querySelector("todo-list")?.getAttribute("topic"),
    ).toBe(topic);
  });

  it("keeps what it got for all views of the page, and asks once", () => {
    const { model, el } = show();
    model.answer({});
    const other = view(model);
    expect(pasted(other)).toBe(pasted(el));
    model.answer(null); // what another page was told
    expect(pasted(other)).toContain("lvs.secret");
    expect(model.sent).toHaveLength(1);
  });

  it("says that it was shown once, where another page got it", () => {
    const { model, el } = show();
    model.answer(null);
    expect(textOf(el)).toContain("What to paste was shown once, when the cell ran.");
    expect(findAll(el, "pre")).toEqual([]);
  });

  it("says so where the kernel has gone", () => {
    expect(textOf(show({}, false).el)).toContain("was shown once");
  });

  it("says so where no kernel answers, until one does", () => {
    vi.useFakeTimers();
    const { model, el } = show();
    expect(textOf(el)).not.toContain("was shown once");
    vi.advanceTimersByTime(3_000);
    expect(textOf(el)).toContain("was shown once");
    model.answer({});
    expect(textOf(el)).not.toContain("was shown once");
    expect(pasted(el)).toContain("lvs.secret");
  });

  it("stops listening when its model has gone", () => {
    const { model } = show();
    for (const end of ends.splice(0).reverse()) end();
    expect(model.listeners.size).toBe(0);
  });
});

describe("its button", () => {
  let copied: string[];

  beforeEach(() => {
    copied = [];
  });

  async function press(writeText: (text: string) => Promise<void>): Promise<string> {
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    const { model, el } = show();
    model.answer({});
    find(el, "button").click();
    await until(() => textOf(find(el, "[role=status]")) !== "");
    return textOf(find(el, "[role=status]"));
  }

  it("copies the HTML", async () => {
    expect(await press(async (text) => void copied.push(text))).toBe("Copied.");
    expect(copied[0]).toContain("</todo-list>");
  });

  it("selects it where the page may not copy", async () => {
    const said = await press(() => Promise.reject(new Error("denied")));
    expect(said).toContain("press Ctrl+C");
  });
});
