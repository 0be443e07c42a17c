/** Keys pressed in a part are the part's: JupyterLab's shortcuts, such as Enter to edit a cell, wait. */

const SUPPRESSES = "data-lm-suppress-shortcuts";
/** With Ctrl or Cmd, these edit and select; all others, such as Ctrl+S, are left to JupyterLab. */
const EDITING = new Set(["a", "c", "v", "x", "y", "z"]);
let listens = false;

/** Keep the keys of parts from JupyterLab. It looks at the focused element as a key is pressed. */
export function keepKeys(): void {
  if (listens) return;
  listens = true;
  window.addEventListener("keydown", keep, { capture: true });
}

function keep(event: KeyboardEvent): void {
  const focused = event.target;
  if (!(focused instanceof Element) || !focused.closest(".hn-part, .hn-dialog")) return;
  const withControl = event.ctrlKey || event.metaKey;
  const ours = !withControl || EDITING.has(event.key.toLowerCase());
  if (ours) focused.setAttribute(SUPPRESSES, "true");
  else focused.removeAttribute(SUPPRESSES);
}
