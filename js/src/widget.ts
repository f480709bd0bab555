/**
 * The anywidget: what Jupyter calls for each model and each of its views.
 * It only finds the page's Runtime; everything else is there.
 */

import type { AnyWidget, RenderProps } from "@anywidget/types";
import { Display, type Traits, type WidgetModel } from "./display";
import { runtime } from "./runtime";

/** Lets the model carry connections for as long as it lives. */
function initialize({ model }: { model: RenderProps<Traits>["model"] }): () => void {
  const carrier = () => runtime().endpoint(model.get("endpoint")).carrier;
  let remove = carrier().add(model);
  const move = () => {
    remove();
    remove = carrier().add(model);
  };
  model.on("change:endpoint", move);
  return () => {
    model.off("change:endpoint", move);
    remove();
  };
}

function render({ model, el }: Pick<RenderProps<Traits>, "model" | "el">): () => void {
  const display = new Display(runtime(), model as WidgetModel, el);
  return () => display.dispose();
}

export default { initialize, render } satisfies AnyWidget<Traits>;
