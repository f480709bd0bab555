/**
 * The anywidget: what Jupyter calls for each model and each of its views.
 * It only finds the page's Runtime, which may be another copy's; everything else is there.
 */

import type { AnyWidget, RenderProps } from "@anywidget/types";
import type { Traits, WidgetModel } from "./display";
import { runtime } from "./runtime";

type Props = RenderProps<Traits>;

export default {
  initialize: ({ model }: Pick<Props, "model">) => runtime().carry(model as WidgetModel),
  render: ({ model, el }: Pick<Props, "model" | "el">) => runtime().show(model as WidgetModel, el),
} satisfies AnyWidget<Traits>;
