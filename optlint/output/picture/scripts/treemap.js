// All parameters as tiles, nested as the modules are; the layout is d3-hierarchy's.

const HEADER = 17;
const LETTER = 6.6; // the width of one, about
const MANY = 800; // tiles that need the whole width

function tree() {
  const root = { label: "", children: new Map() };
  for (const tile of tiles) {
    if (!tile.numel) continue;
    let node = root;
    for (const part of tile.name.split(".").slice(0, -1)) {
      const label = /^\d+$/.test(part) && node.label ? `${node.label.split(".").pop()}.${part}` : part;
      if (!node.children.has(part)) node.children.set(part, { label, children: new Map() });
      node = node.children.get(part);
    }
    node.children.set(`${tile.name}#${tile.index}`, { label: tile.name.split(".").pop(), tile });
  }
  return shortened(root, true);
}

// A module with a single child is drawn as that child.
function shortened(node, isRoot) {
  if (node.tile) return node;
  const children = inOrder([...node.children]).map(([, child]) => shortened(child, false));
  if (children.length !== 1 || isRoot) return { label: node.label, children };
  const [child] = children;
  return { ...child, label: child.label.startsWith(`${node.label}.`) ? child.label : `${node.label}.${child.label}` };
}

// What was left out comes last in a report; layers with numbers go where they belong.
function inOrder(children) {
  const numbered = children.every(([key]) => /^\d+$/.test(key));
  return numbered ? children.sort(([a], [b]) => a - b) : children;
}

// Room for the name of a module, taken from its tiles; a lone layer has none, so that area stays true.
function headerOf(node) {
  if (!node.depth || node.height < 2) return 0;
  if (node.depth > 1 && node.value > 0.9 * node.parent.value) return 1;
  return node.x1 - node.x0 > 54 && node.y1 - node.y0 > 60 ? HEADER : 1;
}

function labelOf(leaf) {
  const { label, tile } = leaf.data;
  const layer = leaf.parent.height === 1 && leaf.parent.depth ? leaf.parent.data.label : "";
  return layer && tile.name.endsWith(`${layer}.${label}`) ? `${layer}.${label}` : label;
}

function fitting(label, width) {
  const letters = Math.floor((width - 8) / LETTER);
  return label.length <= letters ? label : letters < 4 ? "" : `${label.slice(0, letters - 1)}…`;
}

class Treemap {
  constructor(holder, open) {
    this.holder = holder;
    this.open = open;
    this.scheme = "group";
    this.matches = null;
    this.root = hierarchy(tree()).sum((node) => (node.tile ? node.tile.numel : 0));
    holder.closest(".columns").classList.toggle("many", tiles.length > MANY);
    this.tip = select(document.body).append("div").attr("id", "tip").attr("role", "presentation").attr("hidden", "");
    new ResizeObserver(() => this.draw()).observe(holder);
  }

  draw() {
    const width = this.holder.clientWidth;
    if (!width || width === this.width || !tiles.length) return;
    this.width = width;
    this.height = Math.round(Math.min(tiles.length > MANY ? 720 : 600, Math.max(340, width * 0.62)));
    const layout = treemap().tile(treemapBinary).size([width, this.height]).round(true);
    layout.paddingTop(headerOf).paddingInner((node) => (node.height > 1 && node.depth < 3 ? 3 : 1));
    layout(this.root);
    this.leaves = this.root.leaves().filter((leaf) => leaf.data.tile);
    this.byTile = new Map(this.leaves.map((leaf) => [leaf.data.tile.index, leaf]));
    this.holder.replaceChildren();
    this.drawAll();
    this.recolour(this.scheme);
    this.show(this.matches);
  }

  drawAll() {
    const svg = (this.svg = select(this.holder).append("svg"));
    svg.attr("viewBox", `0 0 ${this.width} ${this.height}`).attr("height", this.height).attr("role", "group");
    svg.attr("aria-label", `Treemap of ${tiles.length} parameters; the table below tells the same`);
    const hatch = svg.append("defs").append("pattern").attr("id", "hatch").attr("width", 8).attr("height", 8);
    hatch.attr("patternUnits", "userSpaceOnUse").attr("patternTransform", "rotate(45)");
    hatch.append("rect").attr("class", "hatch-ground").attr("width", 8).attr("height", 8);
    hatch.append("line").attr("class", "hatch-line").attr("x1", 1.5).attr("x2", 1.5).attr("y2", 8);
    this.drawModules();
    this.drawTiles();
    this.edge = svg.append("rect").attr("class", "cursor-edge").attr("hidden", "");
    this.cursor = svg.append("rect").attr("class", "cursor").attr("hidden", "");
  }

  drawModules() {
    const modules = this.root.descendants().filter((node) => node.children && headerOf(node) === HEADER);
    const groups = this.svg.selectAll("g").data(modules).join("g").attr("aria-hidden", "true");
    groups.append("rect").attr("class", "ground").call(placed);
    const texts = groups.append("text").attr("class", "module").attr("x", (node) => node.x0 + 4);
    texts.attr("y", (node) => node.y0 + 12.5).text((node) => fitting(node.data.label, node.x1 - node.x0));
    const roomy = (node) => (node.data.label.length + 8) * LETTER < node.x1 - node.x0;
    texts.filter(roomy).append("tspan").attr("dx", 7).attr("class", "amount").text((node) => sizeOf(node.value));
  }

  drawTiles() {
    this.rects = this.svg.append("g").selectAll("rect").data(this.leaves).join("rect").call(placed);
    this.rects.attr("class", (leaf) => `tile ${CLASSES[leaf.data.tile.state] ?? ""}`);
    this.rects.attr("tabindex", (leaf, at) => (at ? -1 : 0)).attr("role", "button").attr("aria-label", (leaf) => {
      const { tile } = leaf.data;
      return `${tile.name}, ${sizeOf(tile.numel)} elements, ${told(tile).owner}, ${told(tile).state}`;
    });
    this.nodes = new Map(this.rects.nodes().map((node, at) => [this.leaves[at].data.tile.index, node]));
    this.rects.on("click", (event, leaf) => this.open(leaf.data.tile));
    this.rects.on("pointermove", (event, leaf) => this.tell(leaf, event.pageX, event.pageY));
    this.rects.on("pointerleave", () => this.hush()).on("blur", () => this.hush(true));
    this.rects.on("focus", (event, leaf) => this.arrive(leaf)).on("keydown", (event, leaf) => this.steer(event, leaf));
    const wide = this.leaves.filter((leaf) => leaf.y1 - leaf.y0 > 15 && fitting(labelOf(leaf), leaf.x1 - leaf.x0));
    this.labels = this.svg.append("g").attr("aria-hidden", "true").selectAll("text").data(wide).join("text");
    this.labels.attr("x", (leaf) => leaf.x0 + 4).attr("y", (leaf) => leaf.y0 + 13);
    this.labels.text((leaf) => fitting(labelOf(leaf), leaf.x1 - leaf.x0));
    const roomy = (leaf) => leaf.y1 - leaf.y0 > 34 && leaf.x1 - leaf.x0 > 60;
    const second = this.labels.filter(roomy).append("tspan").text((leaf) => sizeOf(leaf.data.tile.numel));
    second.attr("x", (leaf) => leaf.x0 + 4).attr("dy", 15).attr("opacity", 0.85);
  }

  recolour(scheme) {
    this.scheme = scheme;
    if (!this.rects) return;
    const colour = (leaf) => colourOf(leaf.data.tile.swatch, scheme);
    const plain = (leaf) => !["never", "frozen"].includes(CLASSES[leaf.data.tile.state]);
    this.rects.attr("fill", (leaf) => (plain(leaf) ? colour(leaf) : null));
    this.labels.attr("class", (leaf) => (CLASSES[leaf.data.tile.state] === "never" ? "on-hatch" : null));
    this.labels.style("fill", (leaf) => (plain(leaf) ? (isLight(colour(leaf)) ? "#15181c" : "#fff") : null));
  }

  // Fade what does not match; null shows all.
  show(matches) {
    this.matches = matches;
    if (!this.rects) return;
    const faded = (leaf) => matches !== null && !matches.has(leaf.data.tile.index);
    this.rects.classed("dim", faded);
    this.labels.classed("dim", faded);
  }

  focus(tile) {
    const node = this.nodes?.get(tile.index);
    if (!node) return;
    this.holder.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
  }

  arrive(leaf) {
    this.rects.attr("tabindex", (other) => (other === leaf ? 0 : -1));
    for (const cursor of [this.edge, this.cursor]) cursor.datum(leaf).call(placed).attr("hidden", null);
    const box = this.holder.getBoundingClientRect();
    const scale = box.width / this.width;
    this.tell(leaf, box.left + scrollX + leaf.x1 * scale, box.top + scrollY + leaf.y1 * scale);
  }

  steer(event, leaf) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Enter" || event.key === " ") this.open(leaf.data.tile);
    else if (event.key === "Escape") this.hush();
    else if (event.key === "Home" || event.key === "End") this.go(this.leaves.at(event.key === "Home" ? 0 : -1));
    else if (ways[event.key]) this.go(nearest(leaf, this.leaves, ways[event.key]));
    else return;
    event.preventDefault();
  }

  go(leaf) {
    if (leaf) this.nodes.get(leaf.data.tile.index).focus({ preventScroll: true });
  }

  tell(leaf, x, y) {
    const { tile } = leaf.data;
    const { owner, state } = told(tile);
    this.tip.attr("hidden", null).selectAll("*").remove();
    this.tip.append("b").text(tile.name);
    this.tip.append("div").text(`${shapeOf(tile)} = ${sizeOf(tile.numel)} elements, ${tile.dtype}`);
    this.tip.append("div").text(owner);
    this.tip.append("div").attr("class", CLASSES[tile.state] ?? "").text(state);
    const { offsetWidth, offsetHeight } = this.tip.node();
    const top = y + 14 + offsetHeight > scrollY + innerHeight ? y - offsetHeight - 10 : y + 14;
    this.tip.style("left", `${Math.max(4, Math.min(x + 12, scrollX + innerWidth - offsetWidth - 24))}px`);
    this.tip.style("top", `${Math.max(scrollY + 4, top)}px`);
  }

  hush(left = false) {
    this.tip.attr("hidden", "");
    if (left) for (const cursor of [this.edge, this.cursor]) cursor.attr("hidden", "");
  }
}

function placed(selection) {
  selection.attr("x", (node) => node.x0).attr("y", (node) => node.y0);
  selection.attr("width", (node) => Math.max(0, node.x1 - node.x0));
  selection.attr("height", (node) => Math.max(0, node.y1 - node.y0));
}

// The tile that an arrow leads to: the closest on that side, with more weight on staying in line.
function nearest(from, leaves, [right, down]) {
  const middle = (leaf) => [(leaf.x0 + leaf.x1) / 2, (leaf.y0 + leaf.y1) / 2];
  const [x, y] = middle(from);
  const ahead = (leaf) => (right ? (right > 0 ? leaf.x0 >= from.x1 : leaf.x1 <= from.x0)
    : down > 0 ? leaf.y0 >= from.y1 : leaf.y1 <= from.y0);
  let best = null;
  let least = Infinity;
  for (const leaf of leaves) {
    if (leaf === from || !ahead(leaf)) continue;
    const [its, tall] = middle(leaf);
    const distance = Math.abs(its - x) * (right ? 1 : 3) + Math.abs(tall - y) * (down ? 1 : 3);
    if (distance < least) [best, least] = [leaf, distance];
  }
  return best;
}
