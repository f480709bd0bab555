/**
 * What the views of one page have in common, whichever copy of the bundle they were loaded with:
 * the first copy puts its Runtime on globalThis, and all others use that.
 */

import { Socket } from "phoenix";
import { version } from "../package.json";
import { Carrier } from "./comm";
import { Display, type WidgetModel } from "./display";
import { elements } from "./elements";
import { Line, lineTransport } from "./line";
import { Pool } from "./pool";
import { StockElement } from "./stock";
import { defineElement } from "./tags";
import { LiveView } from "./view";

/** A kernel's endpoint as this page reaches it. */
export interface Endpoint {
  /** The models that can carry its connections. */
  carrier: Carrier;
  /** The ways to it. */
  line: Line;
  /** Its connections. */
  pool: Pool;
}

const KEY = Symbol.for(`livestate-nb@${version}`);

/** phoenix.js gives a join up after this many milliseconds; while a cell runs no comm answers. */
const NEVER = 2 ** 31 - 1;

/** Milliseconds after which a topic is joined again: the server holds joins of kernels to come. */
const REJOIN_MS = [50, 500, 1_000, 2_000];

/** All that is shared in a page; the other copies of the bundle touch none of their own classes. */
export class Runtime {
  #endpoints = new Map<string, Endpoint>();

  constructor() {
    defineElement("livestate-view", LiveView);
    defineElement("livestate-stock", StockElement);
    adoptColorScheme();
  }

  /** Returns the endpoint with this id. */
  endpoint(id: string): Endpoint {
    let endpoint = this.#endpoints.get(id);
    if (!endpoint) {
      const carrier = new Carrier();
      const line = new Line(carrier);
      const options = {
        transport: lineTransport(line),
        timeout: NEVER,
        rejoinAfterMs: (tries: number) => REJOIN_MS[tries - 1] ?? 5_000,
      };
      const pool = new Pool(() => new Socket("kernel", options));
      endpoint = { carrier, line, pool };
      this.#endpoints.set(id, endpoint);
    }
    return endpoint;
  }

  /**
   * Makes an element.
   * @param tag the name it is defined by, or one like it if that is taken; "" for the stock element
   * @param source its ES module
   * @throws ModuleError, TagError
   */
  async makeElement(tag: string, source: string): Promise<HTMLElement> {
    if (!tag && !source) return new StockElement();
    const element = await elements().load(tag || "live-element", source);
    return new element();
  }

  /**
   * Lets a model carry connections, and say how else they can travel, for as long as it lives.
   * @returns the end of that
   */
  carry(model: WidgetModel): () => void {
    const add = () => this.endpoint(model.get("endpoint")).carrier.add(model);
    const lead = () => this.endpoint(model.get("endpoint")).line.leadTo(model.get("kernel"));
    lead();
    let remove = add();
    const move = () => {
      remove();
      remove = add();
      lead();
    };
    model.on("change:endpoint", move);
    model.on("change:kernel", lead);
    return () => {
      model.off("change:endpoint", move);
      model.off("change:kernel", lead);
      remove();
    };
  }

  /**
   * Shows a model in a node.
   * @returns the end of that
   */
  show(model: WidgetModel, node: HTMLElement): () => void {
    const display = new Display(this, model, node);
    return () => display.dispose();
  }
}

/** Lets the browser's own parts (date pickers, scroll bars) follow Jupyter's theme, as it changes. */
function adoptColorScheme(): void {
  const sheet = new CSSStyleSheet();
  const views = `:is(${new LiveView().localName}, .livestate-output)`; // which may be in a shadow
  sheet.replaceSync(`
    body[data-jp-theme-light="true"] ${views} { color-scheme: light }
    body[data-jp-theme-light="false"] ${views} { color-scheme: dark }
  `);
  document.adoptedStyleSheets.push(sheet);
}

/** Returns the page's Runtime. */
export function runtime(): Runtime {
  const page = globalThis as { [KEY]?: Runtime };
  page[KEY] ??= new Runtime();
  return page[KEY];
}
