// React, through a hook of a few lines.

import LiveState from "phx-live-state";
import { useEffect, useReducer, useState } from "react";
import { createRoot } from "react-dom/client";
import { URL } from "./lib/url";

function useLiveState(config, initial) {
  const [liveState] = useState(() => new LiveState(config));
  const [, update] = useReducer((count) => count + 1, 0);
  useEffect(() => {
    liveState.addEventListener("livestate-change", update);
    liveState.connect();
    return () => liveState.disconnect();
  }, [liveState]);
  return [liveState.state ?? initial, (event, detail) => liveState.pushEvent(event, detail)];
}

function Todos() {
  const [{ todos }, pushEvent] = useLiveState({ url: URL, topic: "todo:react" }, { todos: [] });
  const submit = (event) => {
    event.preventDefault();
    pushEvent("add_todo", Object.fromEntries(new FormData(event.target)));
  };
  return (
    <main>
      <form onSubmit={submit}>
        <input name="description" />
        <button type="submit">Add</button>
      </form>
      <ul>
        {todos.map(({ description }) => (
          <li key={description}>{description}</li>
        ))}
      </ul>
    </main>
  );
}

const root = document.createElement("div");
document.body.append(root);
createRoot(root).render(<Todos />);
