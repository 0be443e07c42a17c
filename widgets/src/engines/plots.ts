/** plotly.js with the traces that are drawn. */
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import contour from "plotly.js/lib/contour";

Plotly.register([bar, contour]);

export default Plotly as typeof import("plotly.js");
