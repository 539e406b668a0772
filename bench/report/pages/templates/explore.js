// Every number of the report as a table that sorts, filters and exports, and as a chart. What
// a reader chose is in the address, so that it can be shared.
"use strict";
(() => {
  const { columns, filters, colors, data } = JSON.parse(document.getElementById("numbers").textContent);
  const at = Object.fromEntries(columns.map((name, index) => [name, index]));
  const ALL = "*", BEST = "times the best", ROWS = 100, FILE = "nomiddle-numbers";
  // Where the explorer begins.
  const FIRST = { what: "latency" };
  const PROGRAM = ["stack", "variant", "language"];
  const CASE = filters.filter((name) => !PROGRAM.includes(name));
  const rows = data[at.value].values.map((_, line) => data.map(({ values, rows: places }, column) =>
    !places ? values[line] : column === at.id ? places[line].map((part) => values[part]).join(".") : values[places[line]]));

  // More is better of rates and levels; of times, sizes and losses less is.
  const moreIsBetter = (row) => row[at.unit].endsWith("/s") || row[at.unit] === "level";
  const group = (row) => [...CASE, "unit"].map((name) => row[at[name]]).join("|");
  const bytes = (text) => parseFloat(text) * (text.endsWith("KiB") ? 1024 : 1);

  // A formatter takes longer to make than to use.
  const formats = [], rate = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
  const decimals = (digits) => formats[digits] ??= new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

  function number(value, unit = "") {
    if (value === null) return "never";
    if (unit.endsWith("/s")) return rate.format(value);
    if (Number.isInteger(value)) return decimals(0).format(value);
    return decimals(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))))).format(value);
  }

  const said = (row) => number(row[at.value], row[at.unit]) + (row[at.value] === null ? "" : ` ${row[at.unit]}`);

  function interval(row) {
    if (row[at.low] === null || row[at.low] === row[at.high]) return "";
    return `${number(row[at.low], row[at.unit])} to ${number(row[at.high], row[at.unit])}`;
  }

  // Of the rows that the filters leave, the best of each case.
  let best = new Map(), compared = "";

  function compare(found) {
    best = new Map();
    for (const row of found) {
      const value = row[at.value], key = group(row), known = best.get(key);
      if (value !== null && (known === undefined || (moreIsBetter(row) ? value > known : value < known))) best.set(key, value);
    }
  }

  function ratio(row) {
    const value = row[at.value], least = best.get(group(row));
    if (value === null || !least || !value) return null;
    return moreIsBetter(row) ? least / value : value / least;
  }

  const shade = (times) => times === null ? "" : times <= 1.05 ? "best" : times <= 2 ? "near" : times <= 10 ? "far" : "farthest";
  const permalink = (id) => `#explore?${new URLSearchParams({ id })}`;

  function cite(id) {
    const link = document.createElement("a");
    link.href = permalink(id);
    link.textContent = "cite";
    link.setAttribute("aria-label", `cite ${id}`);
    return link;
  }

  // What a column shows, and by what it is sorted, searched and exported.
  const shown = (text, by = text, raw = by) => (_, type, row) =>
    type === "sort" || type === "type" ? by(row) : type === "export" ? raw(row) : text(row);
  const text = (name) => ({ name, title: name, data: at[name], type: "string", render: DataTable.render.text() });
  const silent = { searchable: false }, hidden = { visible: false, searchable: false };
  // First what a narrow screen has to show: the program and its number.
  const all = [
    ...PROGRAM.slice(0, 2).map(text),
    { name: "value", title: "value", data: at.value, type: "num", render: shown(said, (row) => row[at.value] ?? Infinity, (row) => row[at.value] ?? "never") },
    { ...silent, name: BEST, title: BEST, data: null, type: "num", render: shown((row) => ratio(row) === null ? "" : number(ratio(row)), (row) => ratio(row) ?? Infinity, (row) => ratio(row) ?? "") },
    { ...silent, name: "interval", title: "interval", data: at.low, type: "num", render: shown(interval, (row) => row[at.low] ?? Infinity) },
    text("verdict"), text("language"),
    ...CASE.map((name) => name !== "size" ? text(name) : { ...text(name), type: "num", render: shown((row) => row[at.size], (row) => bytes(row[at.size]) || 0, (row) => row[at.size]) }),
    { ...text("low"), ...hidden }, { ...text("high"), ...hidden }, { ...text("unit"), ...hidden },
    { name: "id", title: "id", data: at.id, type: "string", orderable: false, render: (id, type) => type === "display" ? cite(id) : id },
  ];
  const place = Object.fromEntries(all.map(({ name }, index) => [name, index]));
  const exported = { columns: all.map((_, index) => index).filter((index) => index !== place.interval), orthogonal: "export" };

  const table = new DataTable("#explore table", {
    data: rows, columns: all, autoWidth: false, deferRender: true, pageLength: ROWS, lengthMenu: [25, ROWS, { label: "all", value: -1 }],
    order: [[place[BEST], "asc"]],
    layout: {
      topStart: { buttons: [
        { text: "Show all numbers", attr: { id: "explore-reset" }, action: () => apply(new URLSearchParams()) },
        { extend: "csv", text: "Save as CSV", filename: FILE, bom: true, exportOptions: exported },
        { extend: "excel", text: "Save for Excel", filename: FILE, title: null, exportOptions: exported },
      ] },
      topEnd: { search: { text: "Search " } },
      bottomStart: "info",
      bottomEnd: ["pageLength", "paging"],
    },
    language: {
      info: "_START_ to _END_ of _TOTAL_ numbers", infoEmpty: "no number is of all that is chosen",
      infoFiltered: "(the report has _MAX_)", zeroRecords: "no number", lengthMenu: "_MENU_ rows",
    },
    createdRow: (line, row) => { line.title = row[at.id]; },
  });
  const scroll = document.querySelector("#explore .dt-layout-table");
  Object.entries({ tabindex: 0, role: "region", "aria-label": "Numbers" }).forEach(([name, value]) => scroll.setAttribute(name, value));

  const selects = {};
  let id = null;

  for (const name of filters) {
    const label = document.createElement("label"), select = document.createElement("select");
    const order = name === "size" ? (a, b) => bytes(a) - bytes(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });
    select.name = name;
    select.add(new Option("all", ALL));
    for (const value of table.column(place[name]).data().unique().toArray().sort(order)) select.add(new Option(value || "(none)", value));
    select.addEventListener("change", () => { id = null; choose(); });
    label.append(name, select);
    document.getElementById("explore-filters").append(label);
    selects[name] = select;
  }

  const same = (value) => value === null || value === ALL ? "" : (found) => found === value;

  function choose() {
    for (const name of filters) table.column(place[name]).search(same(id ? null : selects[name].value));
    table.column(place.id).search(same(id)).draw();
  }

  function address() {
    const state = new URLSearchParams(), order = table.order().map(([column, way]) => (way === "desc" ? "-" : "") + all[column].name).join();
    if (id) state.set("id", id);
    else for (const name of filters) if (selects[name].value !== ALL) state.set(name, selects[name].value || "-");
    if (table.search()) state.set("search", table.search());
    if (order !== BEST) state.set("sort", order);
    return `#explore?${state}`;
  }

  function apply(state) {
    id = state.get("id");
    for (const name of filters) {
      const value = state.get(name) === "-" ? "" : state.get(name);
      selects[name].value = [...selects[name].options].some((option) => option.value === value) ? value : ALL;
    }
    const order = (state.get("sort") ?? BEST).split(",").map((name) => [place[name.replace(/^-/, "")], name.startsWith("-") ? "desc" : "asc"]);
    const known = order.filter(([column]) => column !== undefined);
    table.search(state.get("search") ?? "").order(known.length ? known : [[place[BEST], "asc"]]);
    choose();
  }

  function recall() {
    const given = location.hash.split("?")[1];
    apply(new URLSearchParams(given ?? FIRST));
  }

  const marked = (row) => ({
    program: `${row[at.stack]} (${row[at.variant]})${row[at.language] === "Python" ? "" : `, ${row[at.language]}`}`,
    case: CASE.filter((name) => name !== "what").map((name) => row[at[name]]).filter(Boolean).join(", "),
    color: colors[row[at.stack]] ?? "var(--muted)",
    value: row[at.value], low: row[at.low], high: row[at.high],
    number: [number(row[at.value], row[at.unit]), row[at.verdict]].filter(Boolean).join(" "), verdict: row[at.verdict], said: said(row), interval: interval(row),
    what: row[at.what], unit: row[at.unit], id: row[at.id],
  });

  function cited() {
    const line = document.getElementById("explore-cited");
    line.hidden = !id;
    line.querySelector("code").textContent = id ? `.venv/bin/nomiddle cite ${id}` : "";
  }

  let pictured = "";

  table.on("draw", () => {
    const found = table.rows({ search: "applied", order: "applied" }), lines = found.indexes().toArray();
    const chosen = [...lines].sort((a, b) => a - b).join();
    if (chosen !== compared) {  // Other rows have another best: sorted again, and drawn again.
      compared = chosen;
      compare(found.data().toArray());
      // What is the same in every row says nothing, and takes room.
      const differ = (name) => lines.length === 0 || lines.some((line) => rows[line][at[name]] !== rows[lines[0]][at[name]]);
      for (const name of [...CASE, "language"]) table.column(place[name]).visible(differ(name), false);
      table.column(place.verdict).visible(lines.some((line) => rows[line][at.verdict]), false);
      table.rows().invalidate().draw(false);
      return;
    }
    table.cells(null, place[BEST], { page: "current" }).nodes().each((cell) => { cell.className = shade(ratio(table.row(cell).data())); });
    const picture = lines.join();
    if (picture !== pictured) drawn(found.data().toArray().map(marked));
    pictured = picture;
    cited();
    history.replaceState(null, "", address());
  });
  addEventListener("hashchange", recall);
  recall();
})();
