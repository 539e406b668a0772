// Filters, sorting and ratios to the best over every number of the report. The state of the
// view is in the address, after #explore?, so that it can be shared and comes back.
"use strict";
(() => {
  const { columns, filters, rows } = JSON.parse(document.getElementById("numbers").textContent);
  const at = Object.fromEntries(columns.map((name, index) => [name, index]));
  const shownColumns = [...columns.slice(0, at.value), "value", "times the best", "interval", "verdict"];
  const MOST = 200;
  const START = "#explore?";
  const first = { workload: "Request/reply", what: "latency", placement: "one CPU", size: "64 B", load: "" };
  const body = document.querySelector("#explore tbody");
  const head = document.querySelector("#explore thead tr");
  const status = document.getElementById("explore-status");
  const selects = {};
  let sort = "times the best", down = false, everything = false;

  // More is better of rates and levels; of times, sizes and losses less is.
  const moreIsBetter = (row) => row[at.unit].endsWith("/s") || row[at.unit] === "level";
  const group = (row) => [...filters.filter((f) => !["stack", "variant", "language"].includes(f)), "unit"]
    .map((name) => row[at[name]]).join("|");

  function number(value, unit = "") {
    if (value === null) return "never";
    if (unit.endsWith("/s")) return value.toLocaleString("en", { maximumSignificantDigits: 3 });
    if (value === 0 || Number.isInteger(value)) return value.toLocaleString("en");
    const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  function chosen() {
    return rows.filter((row) => filters.every((name) => {
      const wanted = selects[name].value;
      return wanted === "*" || row[at[name]] === wanted;
    }));
  }

  function ratios(found) {
    const best = new Map();
    for (const row of found) {
      const value = row[at.value];
      if (value === null) continue;
      const key = group(row), known = best.get(key);
      if (known === undefined || (moreIsBetter(row) ? value > known : value < known)) best.set(key, value);
    }
    return (row) => {
      const value = row[at.value], least = best.get(group(row));
      if (value === null || !least || !value) return null;
      return moreIsBetter(row) ? least / value : value / least;
    };
  }

  const shade = (ratio) => ratio === null ? "" : ratio <= 1.05 ? "best" : ratio <= 2 ? "near" : ratio <= 10 ? "far" : "farthest";

  function cells(row, ratio) {
    const plain = filters.map((name) => row[at[name]]);
    const bounds = row[at.low] === null || row[at.low] === row[at.high] ? "" : `${number(row[at.low], row[at.unit])} to ${number(row[at.high], row[at.unit])}`;
    return [...plain, `${number(row[at.value], row[at.unit])} ${row[at.unit]}`, ratio === null ? "" : number(ratio), bounds, row[at.verdict]];
  }

  function render() {
    const found = chosen(), of = ratios(found);
    const key = (row) => sort === "times the best" ? of(row) : sort === "interval" ? row[at.low] : row[at[sort]];
    found.sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === y) return 0;
      if (x === null || x === "") return 1;
      if (y === null || y === "") return -1;
      return (x < y ? -1 : 1) * (down ? -1 : 1);
    });
    const shown = everything ? found : found.slice(0, MOST);
    // What is the same in every row says nothing, and takes room.
    const same = shownColumns.map((name) => filters.includes(name) && name !== "stack" &&
      shown.length > 0 && shown.every((row) => row[at[name]] === shown[0][at[name]]));
    body.replaceChildren(...shown.map((row) => {
      const line = document.createElement("tr"), ratio = of(row);
      line.title = row[at.id];
      cells(row, ratio).forEach((text, index) => {
        const cell = document.createElement("td");
        cell.textContent = text;
        cell.hidden = same[index];
        if (shownColumns[index] === "times the best") cell.className = shade(ratio);
        line.append(cell);
      });
      return line;
    }));
    const left = found.length - shown.length;
    status.textContent = `${found.length} of ${rows.length} numbers` + (left ? `, the first ${MOST} shown` : "");
    document.getElementById("explore-all").hidden = !left;
    for (const [index, cell] of [...head.children].entries()) {
      cell.hidden = same[index];
      cell.setAttribute("aria-sort", cell.dataset.name !== sort ? "none" : down ? "descending" : "ascending");
    }
  }

  function remember() {
    const state = new URLSearchParams();
    for (const name of filters) if (selects[name].value !== "*") state.set(name, selects[name].value || "-");
    state.set("sort", (down ? "-" : "") + sort);
    history.replaceState(null, "", START + state);
    render();
  }

  function recall() {
    const given = location.hash.startsWith(START);
    const state = new URLSearchParams(given ? location.hash.slice(START.length) : "");
    for (const name of filters) {
      const wanted = given ? state.get(name) : first[name] === "" ? "-" : first[name];
      const value = wanted === "-" ? "" : wanted ?? "*";
      selects[name].value = [...selects[name].options].some((o) => o.value === value) ? value : "*";
    }
    const order = state.get("sort") || "times the best";
    down = order.startsWith("-");
    sort = shownColumns.includes(order.replace(/^-/, "")) ? order.replace(/^-/, "") : "times the best";
    render();
    if (given) document.getElementById("explore").scrollIntoView();
  }

  const form = document.getElementById("explore-filters");
  for (const name of filters) {
    const label = document.createElement("label"), select = document.createElement("select");
    select.name = name;
    select.add(new Option("all", "*"));
    for (const value of [...new Set(rows.map((row) => row[at[name]]))].sort()) select.add(new Option(value || "(none)", value));
    select.addEventListener("change", remember);
    label.append(name, select);
    form.append(label);
    selects[name] = select;
  }
  for (const name of shownColumns) {
    const cell = document.createElement("th"), button = document.createElement("button");
    cell.scope = "col";
    cell.dataset.name = name;
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => { down = sort === name && !down; sort = name; remember(); });
    cell.append(button);
    head.append(cell);
  }
  document.getElementById("explore-all").addEventListener("click", () => { everything = true; render(); });
  document.getElementById("explore-reset").addEventListener("click", () => {
    for (const select of Object.values(selects)) select.value = "*";
    remember();
  });
  addEventListener("hashchange", () => { if (location.hash.startsWith(START)) recall(); });
  recall();
})();
