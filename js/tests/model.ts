/** Fakes of what lies outside: an anywidget model, and the kernel at the other end of its comm. */

import type { CommMessage } from "../src/comm";
import type { Traits, WidgetModel } from "../src/display";
import type { Json } from "../src/json";
import { Link } from "./server";
import { until } from "./until";

export class FakeModel implements WidgetModel {
  readonly sent: CommMessage[] = [];
  readonly buffers: ArrayBuffer[] = [];
  /** After a kernel restart `send` throws. */
  isAlive = true;
  onSend: (message: CommMessage) => void = () => {};
  #traits: Traits;
  #listeners: [string, (...values: Json[]) => void][] = [];

  constructor(traits: Partial<Traits> = {}) {
    const none = { endpoint: "", kernel: "", topic: "", session: "", element: "", source: "" };
    const told = { events: [], is_waiting: false, log: [] };
    this.#traits = { ...none, ...told, ...traits };
  }

  get listenerCount(): number {
    return this.#listeners.length;
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name];
  }

  /** Sets traits as an update from Python does. */
  update(traits: Partial<Traits>): void {
    Object.assign(this.#traits, traits);
    for (const name of Object.keys(traits)) this.emit(`change:${name}`);
  }

  on(event: string, listener: (...values: Json[]) => void): void {
    this.#listeners.push([event, listener]);
  }

  off(event: string, listener: (...values: Json[]) => void): void {
    this.#listeners = this.#listeners.filter((l) => l[0] !== event || l[1] !== listener);
  }

  emit(event: string, ...values: Json[]): void {
    for (const [name, listener] of this.#listeners.slice()) if (name === event) listener(...values);
  }

  send(message: CommMessage, _callbacks?: undefined, buffers: ArrayBuffer[] = []): void {
    if (!this.isAlive) throw new Error("Cannot send");
    this.sent.push(message);
    this.buffers.push(...buffers);
    this.onSend(message);
  }
}

/** A kernel: opens connections at once and gives their frames to the test. */
export class FakeKernel {
  #links = new Map<string, Link>();
  #next = 0;
  closed: string[] = [];

  /** Serves a model; its messages reach all models of the kernel, as in reality. */
  serve(model: FakeModel): FakeModel {
    model.onSend = (message) => this.#receive(model, message);
    return model;
  }

  #receive(model: FakeModel, message: CommMessage): void {
    const { connection } = message;
    if (message.livestate === "open") {
      let sent = 0;
      const link = new Link(
        (frame) => {
          const number = sent++;
          model.emit("msg:custom", { livestate: "frame", connection, number, frame }, []);
        },
        () => model.emit("msg:custom", { livestate: "close", connection, code: 1001, reason: "" }),
      );
      this.#links.set(connection, link);
      queueMicrotask(() => model.emit("msg:custom", { livestate: "open", connection }));
    } else if (message.livestate === "frame") {
      this.#links.get(connection)?.feed(message.frame as string);
    } else {
      this.closed.push(connection);
    }
  }

  /** Waits for the next connection. */
  async link(): Promise<Link> {
    const index = this.#next++;
    return until(() => [...this.#links.values()][index]);
  }

  get connections(): number {
    return this.#links.size;
  }
}
