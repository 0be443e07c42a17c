/** Which kind of trace draws a number of points. */

/** From so many points on, a plot draws with WebGL, smaller and paler. */
export const MANY = 2000;
let hasGl: boolean | null = null;

/** `scattergl` for many points where the page can draw with WebGL, else `scatter`. */
export function pointsType(points: number): "scatter" | "scattergl" {
  if (points < MANY) return "scatter";
  hasGl ??= drawsGl();
  return hasGl ? "scattergl" : "scatter";
}

function drawsGl(): boolean {
  const context = document.createElement("canvas").getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
