// Puts the parts together: what is searched or chosen shows in the picture and in the table alike.

const search = document.getElementById("search");
const legend = document.getElementById("legend");
const showAll = document.getElementById("all");
let scheme = "group";
let chosen = null; // the button of the legend that is pressed

// Whether the tile shows the colour of its group.
function bare(tile) {
  return !["never", "frozen"].includes(CLASSES[tile.state]);
}

function paint(chips) {
  chips.attr("data-state", (tile) => (bare(tile) ? null : tile.state));
  chips.style("background", (tile) => (bare(tile) ? colourOf(tile.swatch, scheme) : null));
}

const picture = new Treemap(document.getElementById("treemap"), showRow);
const table = new Table(document.getElementById("table"), document.getElementById("rows"), {
  onOpen: (tile) => picture.focus(tile),
  paint,
});

function pattern(words) {
  const parts = words.toLowerCase().split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join("\\d+"));
}

function isChosen(tile) {
  if (!chosen) return true;
  const { swatch, state } = chosen.dataset;
  return state === undefined ? tile.swatch === Number(swatch) && bare(tile) : tile.state === state;
}

function update() {
  const words = search.value.trim().split(/\s+/).filter(Boolean).map(pattern);
  const accepts = (tile) => isChosen(tile) && words.every((word) => word.test(table.texts[tile.index]));
  table.keep(accepts);
  const all = table.list.length === tiles.length;
  const whole = table.list.reduce((sum, tile) => sum + tile.numel, 0);
  document.getElementById("found").textContent =
    `${all ? "" : `${table.list.length.toLocaleString("en")} of `}${tiles.length.toLocaleString("en")} tensors, ${sizeOf(whole)} elements`;
  showAll.hidden = all;
  picture.show(all ? null : new Set(table.list.map((tile) => tile.index)));
}

function choose(button) {
  chosen = button === chosen ? null : button;
  for (const one of legend.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one === chosen));
  update();
}

function forget() {
  search.value = "";
  if (chosen) choose(chosen);
  else update();
}

function showRow(tile) {
  if (!table.list.includes(tile)) forget();
  table.goTo(tile);
}

function recolour(word) {
  scheme = word;
  picture.recolour(scheme);
  table.repaint();
  for (const chip of legend.querySelectorAll(".chip[data-swatch]")) chip.style.background = colourOf(Number(chip.dataset.swatch), scheme);
  timeline();
}

function timeline() {
  document.getElementById("over-time").hidden = false;
  document.getElementById("over-time").hidden = !drawTimeline(document.getElementById("timeline"), scheme);
}

search.addEventListener("input", update);
showAll.addEventListener("click", () => {
  forget();
  search.focus();
});
for (const button of legend.querySelectorAll("button")) button.addEventListener("click", () => choose(button));
for (const radio of document.querySelectorAll("[name=colour]")) radio.addEventListener("change", () => recolour(radio.value));
for (const button of document.querySelectorAll("[data-find]")) {
  button.addEventListener("click", () => {
    search.value = button.dataset.find;
    if (chosen) choose(chosen);
    update();
    const alone = table.list.length === 1 ? table.list[0] : null;
    if (alone) table.goTo(alone);
    else search.scrollIntoView({ block: "start" });
  });
}
for (const link of document.querySelectorAll('main a[href^="#"], .skip')) {
  link.addEventListener("click", (event) => {
    const target = document.getElementById(link.hash.slice(1));
    if (target.tagName === "DETAILS") target.open = true;
    target.scrollIntoView();
    (target.querySelector("summary") ?? target).focus();
    event.preventDefault();
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    search.focus();
    event.preventDefault();
  } else if (event.key === "Escape" && document.activeElement === search) forget();
});
new ResizeObserver(timeline).observe(document.querySelector("main"));

update();
recolour("group");
document.getElementById("timeline").after(timelineTable());
