// What the page has been given, and how it is said and coloured.

const { hierarchy, treemap, treemapBinary, plot, lineY, dot, text, tip, pointerX, selectLast, select, interpolateViridis } = Vendor;

const data = JSON.parse(document.getElementById("data").textContent);
const tiles = data.tiles.map(([name, shape, dtype, numel, swatch, state, grad, moved, reason], index) => {
  const [why, place, code] = data.reasons[reason];
  return { index, name, shape, dtype, numel, swatch, state, grad, moved, why, place, code };
});

// Those of Okabe and Ito, which colour-blind people tell apart, without the red, which means "never trained".
const FEW = ["#0072b2", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7"];
const CLASSES = { "never trained": "never", frozen: "frozen", "not known": "unknown" };
const NEUTRAL = "#8d99a6";

function numeric(value) {
  return typeof value === "number" ? value : null;
}

const highest = data.swatches.map((swatch) => numeric(swatch.highest));
const distinctRates = [...new Set(highest.filter((rate) => rate !== null))].sort((a, b) => a - b);

function alongScale(position, count) {
  return interpolateViridis(count > 1 ? 0.14 + (0.8 * position) / (count - 1) : 0.35);
}

function colourOfGroup(swatch) {
  return data.swatches.length <= FEW.length ? FEW[swatch] : alongScale(swatch, data.swatches.length);
}

function colourOfRate(swatch) {
  const rate = highest[swatch];
  return rate === null ? NEUTRAL : alongScale(distinctRates.indexOf(rate), distinctRates.length);
}

function colourOf(swatch, scheme) {
  if (swatch < 0) return NEUTRAL;
  return scheme === "rate" ? colourOfRate(swatch) : colourOfGroup(swatch);
}

// Whether dark text is read more easily on it than white text.
function isLight(colour) {
  const hex = colour.startsWith("#") ? colour.slice(1).match(/../g).map((pair) => parseInt(pair, 16)) : null;
  const [red, green, blue] = (hex ?? colour.match(/\d+/g).map(Number)).map((part) => (part / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
}

function sizeOf(number) {
  if (number < 1e4) return number.toLocaleString("en");
  const units = [["T", 1e12], ["B", 1e9], ["M", 1e6], ["K", 1e3]];
  const [letter, unit] = units.find(([, one]) => number >= 0.9995 * one);
  return `${(number / unit).toFixed(number / unit >= 100 ? 0 : 1).replace(/\.0$/, "")} ${letter}`;
}

function shown(value) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "number") return String(value);
  const small = value !== 0 && Math.abs(value) < 1e-3;
  return small ? String(Number(value.toPrecision(3)).toExponential()) : String(Number(value.toPrecision(3)));
}

function groupOf(tile) {
  if (tile.swatch < 0) return "–";
  const swatch = data.swatches[tile.swatch];
  const many = Object.keys(data.optimizers).length > 1;
  return `${many ? `${data.optimizers[swatch.optimizer]} ` : ""}${swatch.group}${swatch.name ? ` ${swatch.name}` : ""}`;
}

function shapeOf(tile) {
  return tile.shape.join(" × ") || "scalar";
}

function whyNot(tile) {
  const place = tile.place && `(${tile.place.split(/[\\/]/).pop()})`;
  return [tile.code, tile.why, place].filter(Boolean).join(" ");
}

function told(tile) {
  const swatch = data.swatches[tile.swatch];
  const owner = swatch ? `group ${groupOf(tile)}, learning rate ${shown(swatch.lr)}` : "in no optimizer";
  const why = whyNot(tile);
  return { owner, state: why.startsWith(tile.state) ? why : [tile.state, why].filter(Boolean).join(": ") };
}
