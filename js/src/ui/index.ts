/**
 * The stock elements: what modules import from `livestate-nb/ui`. The import defines their tags,
 * `<livestate-text>` and so on. It knows nothing of notebooks.
 */

import { defineElement } from "../tags";
import { LinePart, ScatterPart } from "./chart";
import { ButtonPart, CheckboxPart, SelectPart, SliderPart } from "./choice";
import { NumberPart, TextPart } from "./field";
import { FormPart } from "./form";
import { ColumnGroup, RowGroup } from "./group";
import { layoutOf, type Plan } from "./layout";
import { JsonPart, LogPart, MarkdownPart, ProgressPart } from "./output";
import { TablePart } from "./table";

const KINDS: Readonly<Record<string, CustomElementConstructor>> = {
  button: ButtonPart,
  checkbox: CheckboxPart,
  column: ColumnGroup,
  form: FormPart,
  json: JsonPart,
  line: LinePart,
  log: LogPart,
  markdown: MarkdownPart,
  number: NumberPart,
  progress: ProgressPart,
  row: RowGroup,
  scatter: ScatterPart,
  select: SelectPart,
  slider: SliderPart,
  table: TablePart,
  text: TextPart,
};

for (const [kind, element] of Object.entries(KINDS)) defineElement(`livestate-${kind}`, element);

/** Returns the class of elements that show a layout, as `livestate_nb.ui` writes it. */
export function layout(plan: Plan): CustomElementConstructor {
  return layoutOf(plan, KINDS);
}

export { Control } from "./control";
export { Part } from "./part";
export type { Path } from "./path";
export type { Plan };
