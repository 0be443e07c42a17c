/** Calls `appear` when an element comes onto the screen, and what that returns when it leaves. */
export function whileVisible(element: Element, appear: () => () => void): () => void {
  let leave: (() => void) | null = null;
  const observer = new IntersectionObserver((entries) => {
    const visible = entries[entries.length - 1].isIntersecting;
    if (visible && leave === null) leave = appear();
    else if (!visible && leave !== null) {
      leave();
      leave = null;
    }
  });
  observer.observe(element);
  return () => {
    observer.disconnect();
    leave?.();
  };
}
