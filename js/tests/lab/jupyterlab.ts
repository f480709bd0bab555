/** JupyterLab's side, as far as the extension sees it. */

import type { Kernel, Message, Signal } from "../../src/lab/jupyterlab";

/** One of lumino's signals. */
export class FakeSignal<T> implements Signal<T> {
  readonly slots = new Set<(sender: unknown, args: T) => void>();

  connect(slot: (sender: unknown, args: T) => void): void {
    this.slots.add(slot);
  }

  disconnect(slot: (sender: unknown, args: T) => void): void {
    this.slots.delete(slot);
  }

  emit(args: T): void {
    for (const slot of [...this.slots]) slot(this, args);
  }
}

export class FakeKernel implements Kernel {
  readonly iopubMessage = new FakeSignal<Message>();
  readonly statusChanged = new FakeSignal<string>();

  constructor(readonly id: string) {}

  /** Tells all pages what has changed in a widget. */
  update(comm_id: string, state: object): void {
    const content = { comm_id, data: { method: "update", state } };
    this.iopubMessage.emit({ header: { msg_type: "comm_msg" }, content });
  }

  /** Tells all pages that a widget has ended. */
  close(comm_id: string): void {
    this.iopubMessage.emit({ header: { msg_type: "comm_close" }, content: { comm_id } });
  }
}
