/** A plot as a file. */
import { escaped, type Size } from "./template.ts";
import type { Theme } from "./theme.ts";
import type { Margin, Trace } from "./drawing.ts";

export type Plotly = typeof import("plotly.js").default;
export type ImageFormat = "png" | "svg";

const SCALE = 2;
/** Room for the heading and the key, and around the plot. */
const HEAD = 56;
const PADDING = 16;

/** Draw a plot once more, with its heading and key inside and points as vectors. */
export async function imageOf(
  plotly: Plotly,
  traces: readonly Trace[],
  layout: Record<string, unknown>,
  {
    format,
    heading,
    theme,
    size,
  }: { format: ImageFormat; heading: string; theme: Theme; size: Size },
): Promise<Blob> {
  const margin = layout.margin as Margin;
  const [width, height] = [size.width + 2 * PADDING, size.height + HEAD + PADDING];
  const address = await plotly.toImage(
    {
      data: traces.map((trace) => ({
        ...trace,
        ...(trace.type === "cloud" ? { type: "scatter" } : {}),
      })),
      layout: {
        ...layout,
        width,
        height,
        margin: {
          l: margin.l + PADDING,
          r: margin.r + PADDING,
          t: margin.t + HEAD,
          b: margin.b + PADDING,
        },
        paper_bgcolor: theme.colors.panel,
        title: {
          text: escaped(heading),
          font: { size: 13, weight: 600, color: theme.colors.ink },
          x: 0,
          xref: "container",
          xanchor: "left",
          y: 1,
          yref: "container",
          yanchor: "top",
          pad: { l: PADDING, t: PADDING },
        },
        showlegend: true,
        legend: {
          orientation: "h",
          xref: "container",
          x: PADDING / width,
          xanchor: "left",
          yref: "container",
          y: 1 - 36 / height,
          yanchor: "top",
        },
      },
    } as never,
    { format, width, height, scale: format === "png" ? SCALE : 1 },
  );
  return blobOf(address, format);
}

function blobOf(address: string, format: ImageFormat): Blob {
  const body = address.slice(address.indexOf(",") + 1);
  if (format === "svg") return new Blob([decodeURIComponent(body)], { type: "image/svg+xml" });
  const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: "image/png" });
}
