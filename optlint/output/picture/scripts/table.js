// The table of parameters: sorted and searched as a whole, put into the page as far as it is scrolled.

const CHUNK = 150;
const COLUMNS = [
  { head: "name", value: (tile) => tile.name },
  { head: "shape", value: shapeOf, by: (tile) => tile.shape[0] ?? 0 },
  { head: "elements", value: (tile) => sizeOf(tile.numel), by: (tile) => tile.numel, number: true },
  { head: "group", value: groupOf, by: (tile) => tile.swatch },
  { head: "last lr", value: (tile) => shown(data.swatches[tile.swatch]?.lr), by: (tile) => numeric(data.swatches[tile.swatch]?.lr) ?? -1, number: true },
  { head: "decay", value: (tile) => shown(data.swatches[tile.swatch]?.decay), by: (tile) => numeric(data.swatches[tile.swatch]?.decay) ?? -1, number: true },
  { head: "had gradient", value: (tile) => (tile.grad === "unknown" ? "–" : tile.grad) },
  { head: "state", value: (tile) => tile.state },
  { head: "why not", value: whyNot },
];

const natural = new Intl.Collator("en", { numeric: true }).compare;

class Table {
  constructor(table, scroller, { onOpen, paint }) {
    this.body = select(table).select("tbody");
    this.scroller = scroller;
    this.onOpen = onOpen;
    this.paint = paint;
    this.order = [...tiles];
    this.list = this.order;
    this.texts = tiles.map((tile) => `${COLUMNS.map((column) => column.value(tile)).join(" ")} ${tile.dtype}`.toLowerCase());
    this.heads = select(table).select("thead tr").selectAll("th").data(COLUMNS).join("th").attr("scope", "col");
    this.heads.classed("number", (column) => column.number);
    this.heads.append("button").attr("type", "button").text((column) => column.head);
    this.heads.select("button").on("click", (event, column) => this.sort(column));
    select(table).attr("aria-rowcount", tiles.length + 1);
    scroller.addEventListener("scroll", () => {
      if (scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 400) this.grow(this.count + CHUNK);
    });
    this.fill(this.list);
  }

  sort(column) {
    const down = this.sorted === column ? !this.down : Boolean(column.number);
    [this.sorted, this.down] = [column, down];
    const by = column.by ? (a, b) => column.by(a) - column.by(b) : (a, b) => natural(column.value(a), column.value(b));
    const sorted = (list) => list.sort((a, b) => (down ? by(b, a) : by(a, b)) || a.index - b.index);
    this.order = sorted([...tiles]);
    this.heads.attr("aria-sort", (one) => (one === column ? (down ? "descending" : "ascending") : null));
    const kept = new Set(this.list);
    this.fill(this.order.filter((tile) => kept.has(tile)));
  }

  fill(list) {
    this.list = list;
    this.count = 0;
    this.body.selectAll("tr").remove();
    this.scroller.scrollTop = 0;
    this.grow(CHUNK);
  }

  keep(accepts) {
    this.fill(this.order.filter(accepts));
  }

  grow(count) {
    const added = this.list.slice(this.count, count);
    const from = this.count;
    this.count += added.length;
    const rows = this.body.selectAll(null).data(added).join("tr");
    rows.attr("id", (tile) => `row-${tile.index}`).attr("tabindex", -1).attr("aria-rowindex", (tile, at) => from + at + 2);
    rows.classed("here", (tile) => tile === this.here);
    const names = rows.append("th").attr("scope", "row").append("button").attr("type", "button");
    names.on("click", (event, tile) => this.onOpen(tile));
    names.append("i").attr("class", "chip").call(this.paint);
    names.append("span").text((tile) => tile.name);
    for (const column of COLUMNS.slice(1)) {
      const cells = rows.append("td").text(column.value).classed("number", Boolean(column.number));
      if (column.head === "state") cells.attr("class", (tile) => CLASSES[tile.state] ?? null);
    }
  }

  goTo(tile) {
    this.here = tile;
    const at = this.list.indexOf(tile);
    if (at >= this.count) this.grow(at + CHUNK);
    this.body.selectAll("tr").classed("here", (one) => one === tile);
    const row = document.getElementById(`row-${tile.index}`);
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  }

  repaint() {
    this.body.selectAll("i.chip").call(this.paint);
  }
}
