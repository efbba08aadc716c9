// Rates and norms by step, drawn by Observable Plot.

const CHARTS = [
  { title: "Learning rate", note: "of each param group", values: ratePoints },
  { title: "Update to weight", note: "how far a step moved the weights, as a share of their size", values: pointsOf("update_ratio") },
  { title: "Gradient norm", note: "of all gradients together", values: pointsOf("grad_norm") },
];

function ratePoints(point) {
  return point.lr.map((value, group) => {
    const swatch = data.swatches.findIndex((one) => one.optimizer === point.optimizer && one.group === group);
    return { step: point.step, value, series: swatch, name: `group ${group}` };
  });
}

function pointsOf(field) {
  return (point) => [{ step: point.step, value: point[field], series: `o${point.optimizer}`, name: data.optimizers[point.optimizer] }];
}

function colourOfSeries(series, scheme) {
  if (typeof series === "number") return colourOf(series, scheme);
  const first = data.swatches.findIndex((one) => `o${one.optimizer}` === series);
  return Object.keys(data.optimizers).length > 1 ? colourOfGroup(first) : NEUTRAL;
}

function chart({ title, note, values }, width, scheme) {
  const points = data.timeline.flatMap(values).filter((point) => typeof point.value === "number");
  if (points.length < 2) return null;
  const positive = points.map((point) => point.value).filter((value) => value > 0);
  const wide = positive.length === points.length && Math.max(...positive) > 30 * Math.min(...positive);
  const stroke = (point) => colourOfSeries(point.series, scheme);
  const drawn = plot({
    width, height: 190, marginLeft: 52, marginRight: 14, ariaLabel: `${title} by step`,
    style: { background: "transparent", color: "inherit", fontSize: "12px", overflow: "visible" },
    x: { label: "step", ticks: 4, tickSize: 0 },
    y: { label: null, type: wide ? "log" : "linear", grid: true, ticks: 4, tickSize: 0, tickFormat: shown, zero: !wide },
    marks: [
      lineY(points, { x: "step", y: "value", z: "series", stroke, strokeWidth: 2 }),
      dot(points, { x: "step", y: "value", fill: stroke, r: 2.5 }),
      tip(points, pointerX({ x: "step", y: "value", title: (one) => `${one.name}, step ${one.step}\n${shown(one.value)}` })),
    ],
  });
  const figure = document.createElement("figure");
  const caption = figure.appendChild(document.createElement("figcaption"));
  caption.append(`${title} `, Object.assign(document.createElement("span"), { textContent: note }));
  figure.append(drawn);
  return figure;
}

function drawTimeline(holder, scheme) {
  if (!holder.parentElement.clientWidth) return false;
  const columns = Math.max(1, Math.min(3, Math.floor(holder.parentElement.clientWidth / 328)));
  const width = Math.min(560, holder.parentElement.clientWidth / columns - 22);
  const figures = CHARTS.map((one) => chart(one, width, scheme)).filter(Boolean);
  holder.replaceChildren(...figures);
  return figures.length > 0;
}

function timelineTable() {
  const details = document.createElement("details");
  details.append(Object.assign(document.createElement("summary"), { textContent: "The same as a table" }));
  const table = select(details).append("table");
  const heads = ["optimizer", "step", "learning rates", "update to weight", "gradient norm"];
  table.append("thead").append("tr").selectAll("th").data(heads).join("th").attr("scope", "col").text((head) => head);
  const rows = table.append("tbody").selectAll("tr").data(data.timeline).join("tr");
  const cells = (one) => [data.optimizers[one.optimizer], one.step, one.lr.map(shown).join(", "), shown(one.update_ratio), shown(one.grad_norm)];
  rows.selectAll("td").data(cells).join("td").text((cell) => cell);
  return details;
}
