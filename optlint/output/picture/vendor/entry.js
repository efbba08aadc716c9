// What the page's scripts use of the libraries; bundled into plot.min.js, see README.md.
export { hierarchy, treemap, treemapBinary } from "d3-hierarchy";
export { plot, lineY, dot, text, tip, pointerX, selectLast } from "@observablehq/plot";
export { select } from "d3-selection";
export { interpolateViridis } from "d3-scale-chromatic";
