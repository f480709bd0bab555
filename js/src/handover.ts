/**
 * Carries what somebody is typing over to the element that takes the place of another. It knows
 * nothing of states: what an element shows of its state is its own affair.
 */

type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What is in a control. */
interface Content {
  value: string;
  isChecked: boolean;
}

/** Where the focus is in an element, and what of a text is selected. */
interface Focus {
  key: string;
  selection: [number, number] | undefined;
}

/** Knows which controls in a node were typed into. */
export class Handover {
  #touched = new WeakSet<EventTarget>();

  /** @param node stands around the elements; it lives as long as this */
  constructor(node: HTMLElement) {
    node.addEventListener("input", (event) => {
      const [control] = event.composedPath();
      if (control) this.#touched.add(control);
    });
  }

  /**
   * Notes what was typed into an element, and where its focus is.
   * @returns what gives it to the element in its place, once that is rendered
   */
  take(element: HTMLElement): (next: HTMLElement) => void {
    const contents = new Map<string, Content>();
    for (const [key, control] of controlsOf(element)) {
      if (this.#touched.has(control) && isChanged(control)) contents.set(key, contentOf(control));
    }
    const focus = focusOf(element);
    return (next) => {
      for (const [key, control] of controlsOf(next)) {
        const content = contents.get(key);
        if (content) {
          fill(control, content);
          this.#touched.add(control);
        }
        if (key === focus?.key && isFree()) {
          control.focus({ preventScroll: true });
          if (focus.selection && selectionOf(control)) {
            (control as HTMLInputElement).setSelectionRange(...focus.selection);
          }
        }
      }
    };
  }
}

/** Returns the controls of an element by their name or id, and the number of those before it. */
function controlsOf(element: HTMLElement): Map<string, Control> {
  const counts = new Map<string, number>();
  const controls = new Map<string, Control>();
  const root = element.shadowRoot ?? element;
  for (const control of root.querySelectorAll<Control>("input, textarea, select")) {
    const { id, localName, name, type } = control;
    const kind = JSON.stringify([localName, type, name || id]);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    if (type !== "file") controls.set(`${kind} ${count}`, control);
  }
  return controls;
}

function focusOf(element: HTMLElement): Focus | undefined {
  for (const [key, control] of controlsOf(element)) {
    const { activeElement } = control.getRootNode() as Document | ShadowRoot;
    if (control === activeElement) return { key, selection: selectionOf(control) };
  }
  return undefined;
}

/** Is the focus nowhere? */
function isFree(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

function selectionOf(control: Control): [number, number] | undefined {
  // Only texts have a selection.
  const { selectionStart: start, selectionEnd: end } = control as HTMLInputElement;
  return typeof start === "number" && typeof end === "number" ? [start, end] : undefined;
}

/** Is there something else than what the element has put there? After a form's reset there is not. */
function isChanged(control: Control): boolean {
  if (control instanceof HTMLSelectElement) {
    return [...control.options].some((option) => option.selected !== option.defaultSelected);
  }
  if (control instanceof HTMLInputElement && control.checked !== control.defaultChecked)
    return true;
  return control.value !== control.defaultValue;
}

function contentOf(control: Control): Content {
  return { value: control.value, isChecked: (control as HTMLInputElement).checked };
}

function fill(control: Control, { value, isChecked }: Content): void {
  const isBox = control.type === "checkbox" || control.type === "radio";
  if (isBox) (control as HTMLInputElement).checked = isChecked;
  else control.value = value;
}
