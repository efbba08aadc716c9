// Rates and norms by step, drawn by Observable Plot.

const CHARTS = [
  { title: "Learning rate", note: "of each param group", values: ratePoints },
  { title: "Update to weight", note: "how far a step moved the weights, as a share of their size", values: pointsOf("update_ratio") },
  { title: "Gradient norm", note: "of all gradients together", values: pointsOf("grad_norm") },
];

function ratePoints(point) {
  return point.lr.map((value, group) => {
    const swatch = data.swatches.findIndex((one) => one.optimizer === point.optimizer && one.group === group);
    const kind = Object.keys(data.optimizers).length > 1 ? `${data.optimizers[point.optimizer]} ` : "";
    return { step: point.step, value, series: swatch, name: `${kind}group ${group}` };
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

// Lines that would lie on each other are one line with the names of all.
function merged(points) {
  const series = grouped(points, (point) => point.series);
  const lines = grouped([...series.values()], (line) => JSON.stringify(line.map((point) => [point.step, point.value])));
  return [...lines.values()].map((alike) => {
    const names = [...new Set(alike.map(([first]) => first.name))];
    const few = names.slice(0, 3).join(", ") + (names.length > 3 ? ` and ${names.length - 3} more` : "");
    return alike[0].map((point) => ({ ...point, name: few }));
  });
}

function grouped(things, key) {
  const groups = new Map();
  for (const thing of things) {
    if (!groups.has(key(thing))) groups.set(key(thing), []);
    groups.get(key(thing)).push(thing);
  }
  return groups;
}

// Powers of ten, and what lies between where there are few.
function ticksOf(low, high) {
  const powers = Array.from({ length: 40 }, (_, at) => at - 30);
  const within = (factors) => powers.flatMap((power) => factors.map((factor) => factor * 10 ** power))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
  return [[1], [1, 3], [1, 2, 5]].map(within).find((ticks) => ticks.length > 2) ?? within([1, 2, 5]);
}

function chart({ title, note, values }, width, scheme) {
  const lines = merged(data.timeline.flatMap(values).filter((point) => typeof point.value === "number"));
  const points = lines.flat();
  if (new Set(points.map((point) => point.step)).size < 2) return null;
  const numbers = points.map((point) => point.value);
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  const wide = low > 0 && high > 30 * low;
  const stroke = (point) => colourOfSeries(point.series, scheme);
  const named = lines.length > 1 && lines.length <= 8;
  const drawn = plot({
    width, height: 190, marginLeft: 52, marginRight: named ? 84 : 14, ariaLabel: `${title} by step`,
    style: { background: "transparent", color: "inherit", fontSize: "12px", overflow: "visible" },
    x: { label: null, ticks: 4, tickSize: 0 },
    y: {
      label: null, grid: true, tickSize: 0, tickFormat: shown,
      ...(wide ? { type: "log", ticks: ticksOf(low, high) } : { ticks: 4, zero: true }),
    },
    marks: [
      lineY(points, { x: "step", y: "value", z: "series", stroke, strokeWidth: 2 }),
      dot(points, { x: "step", y: "value", fill: stroke, r: 2.5 }),
      named ? text(points, selectLast({ x: "step", y: "value", z: "series", text: "name", textAnchor: "start", dx: 7 })) : null,
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
