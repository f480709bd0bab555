/**
 * Boxes that text is typed in: their text and what is selected in it. It knows nothing of elements.
 */

export type Box = HTMLInputElement | HTMLTextAreaElement;

/** What is selected in a box. */
export type Selection = Pick<Box, "selectionDirection" | "selectionEnd" | "selectionStart">;

/** Sets the text of a box, and keeps the selection where it is; all of it stays all of it. */
export function setText(box: Box, text: string): void {
  if (box.value === text) return;
  const selection = selectionIn(box);
  const isAll =
    box.value !== "" &&
    selection.selectionStart === 0 &&
    selection.selectionEnd === box.value.length;
  box.value = text;
  if (isFocused(box)) select(box, isAll ? { ...selection, selectionEnd: text.length } : selection);
}

/** Returns what is selected in a box, and where the caret is; nulls in a number. */
export function selectionIn({ selectionDirection, selectionEnd, selectionStart }: Box): Selection {
  return { selectionDirection, selectionEnd, selectionStart };
}

/** Selects in a box what was selected in another. */
export function select(
  box: Box,
  { selectionDirection, selectionEnd, selectionStart }: Selection,
): void {
  if (selectionStart === null) return;
  box.setSelectionRange(selectionStart, selectionEnd, selectionDirection ?? undefined);
}

/** Has a box the focus, in its shadow root? */
export function isFocused(box: Box): boolean {
  return (box.getRootNode() as ShadowRoot).activeElement === box;
}
