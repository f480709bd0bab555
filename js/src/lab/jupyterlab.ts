/**
 * JupyterLab's interfaces, as far as they are needed: @jupyterlab/notebook 4 and services 7.
 * It knows nothing of what is done with them.
 */

/** What an output holds, by MIME type. */
export type Data = Readonly<Record<string, unknown>>;

export interface Signal<T> {
  connect(slot: (sender: unknown, args: T) => void): void;
  disconnect(slot: (sender: unknown, args: T) => void): void;
}

export interface Output {
  readonly data: Data;
  toJSON(): Record<string, unknown>;
}

export interface OutputArea {
  readonly model: {
    readonly length: number;
    get(index: number): Output;
    set(i: number, output: object): void;
  };
  readonly widgets: readonly { readonly node: HTMLElement }[];
}

/** What shows an output: `widgets` are those that are shown in it. */
export interface Renderer {
  readonly disposed: Signal<unknown>;
  readonly node: HTMLElement;
  readonly widgets: readonly unknown[];
  renderModel(model: { readonly data: Data }): Promise<void>;
}

export interface Factory {
  safe: boolean;
  mimeTypes: readonly string[];
  defaultRank: number;
  createRenderer(): Renderer;
}

export interface RenderMime {
  addFactory(factory: Factory): void;
  createRenderer(mimeType: string): Renderer;
}

/** What a kernel tells all pages; what comes over a comm has that one's id. */
export interface Message {
  readonly header: { readonly msg_type: string };
  readonly content: {
    readonly comm_id?: string;
    readonly data?: { readonly method?: string; readonly state?: object };
  };
}

/** The page's connection to a kernel. */
export interface Kernel {
  readonly id: string;
  readonly iopubMessage: Signal<Message>;
  readonly statusChanged: Signal<string>;
}

export interface SessionContext {
  readonly session: { readonly kernel: Kernel | null } | null;
  readonly kernelChanged: Signal<unknown>;
}

export interface Panel {
  readonly content: {
    readonly rendermime: RenderMime;
    readonly widgets: readonly { readonly outputArea?: OutputArea }[];
  };
  readonly sessionContext: SessionContext;
}

export interface Context {
  readonly saveState: Signal<string>;
}

export interface Extension {
  createNew(panel: Panel, context: Context): { readonly isDisposed: boolean; dispose(): void };
}

export interface App {
  readonly docRegistry?: { addWidgetExtension(name: string, extension: Extension): void };
}
