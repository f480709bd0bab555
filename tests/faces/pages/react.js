// A page of React's that shows a topic, and an element that is made of a component.

import { createElement as h, memo, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { LiveState } from "../../../js/src/live-state";
import { reactElement, useLiveState } from "../../../js/src/react";

const topic = document.querySelector("todo-count").getAttribute("topic");
const todos = new LiveState({ url: "/livestate", topic });
const INITIAL = { items: [], query: "" };

function Form() {
  const [count, pushEvent] = useLiveState(todos, INITIAL, { select: ({ items }) => items.length });
  const submit = (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    pushEvent("add_todo", Object.fromEntries(new FormData(form))).then(() => form.reset());
  };
  return h(
    "form",
    { onSubmit: submit },
    h("input", { name: "title", autoComplete: "off" }),
    h("button", null, `Add to ${count}`),
  );
}

const Item = memo(({ item, pushEvent }) =>
  h(
    "li",
    { className: item.done ? "done" : "" },
    h("input", {
      type: "checkbox",
      checked: item.done,
      onChange: () => pushEvent("toggle", { id: item.id }),
    }),
    item.title,
  ),
);

function List() {
  const [items, pushEvent] = useLiveState(todos, INITIAL, { select: (state) => state.items });
  return h(
    "ul",
    null,
    items.map((item) => h(Item, { key: item.id, item, pushEvent })),
  );
}

createRoot(document.querySelector("main")).render(
  h(StrictMode, null, h("h1", null, "Todos"), h(Form), h(List)),
);

customElements.define(
  "todo-count",
  reactElement(({ state, live }) =>
    h("p", null, `${state.items.length} todos, ${live.status}, version ${live.version}`),
  ),
);
