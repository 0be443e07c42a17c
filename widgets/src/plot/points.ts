/** Which kind of trace draws a number of points. */

/** From so many points on, a plot draws on a canvas, smaller and paler. */
export const MANY = 2000;

/** `cloud` for many points, which `Cloud` draws, else `scatter` of plotly.js. */
export function pointsType(points: number): "scatter" | "cloud" {
  return points < MANY ? "scatter" : "cloud";
}
