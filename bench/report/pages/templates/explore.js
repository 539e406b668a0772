// Sorting and ratios to the best over every number of the report that the filters leave,
// as a table and as a chart.
"use strict";
(() => {
  const { columns, filters, rows, at } = view;
  const BEST = "times the best", MOST = 200;
  const shownColumns = [...columns.slice(0, at.value), "value", BEST, "interval", "verdict"];
  const body = document.querySelector("#explore tbody");
  const head = document.querySelector("#explore thead tr");
  const status = document.getElementById("explore-status");
  const PROGRAM = ["stack", "variant", "language"];
  const CASE = filters.filter((name) => !PROGRAM.includes(name));
  let everything = false;

  // More is better of rates and levels; of times, sizes and losses less is.
  const moreIsBetter = (row) => row[at.unit].endsWith("/s") || row[at.unit] === "level";
  const group = (row) => [...CASE, "unit"].map((name) => row[at[name]]).join("|");

  function number(value, unit = "") {
    if (value === null) return "never";
    if (unit.endsWith("/s")) return value.toLocaleString("en", { maximumSignificantDigits: 3 });
    if (value === 0 || Number.isInteger(value)) return value.toLocaleString("en");
    const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
    return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  }

  const said = (row) => number(row[at.value], row[at.unit]) + (row[at.value] === null ? "" : ` ${row[at.unit]}`);

  function interval(row) {
    if (row[at.low] === null || row[at.low] === row[at.high]) return "";
    return `${number(row[at.low], row[at.unit])} to ${number(row[at.high], row[at.unit])}`;
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
    return [...plain, said(row), ratio === null ? "" : number(ratio), interval(row), row[at.verdict]];
  }

  function order() {
    const down = view.sort.startsWith("-"), sort = view.sort.replace(/^-/, "");
    return shownColumns.includes(sort) ? { sort, down } : { sort: BEST, down: false };
  }

  function sorted(found, of) {
    const { sort, down } = order();
    const key = (row) => sort === BEST ? of(row) : sort === "interval" ? row[at.low] : row[at[sort]];
    return found.sort((a, b) => {
      const x = key(a), y = key(b);
      if (x === y) return 0;
      if (x === null || x === "") return 1;
      if (y === null || y === "") return -1;
      return (x < y ? -1 : 1) * (down ? -1 : 1);
    });
  }

  function render() {
    const chosen = view.chosen(), of = ratios(chosen), found = sorted(chosen, of);
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
        if (shownColumns[index] === BEST) cell.className = shade(ratio);
        line.append(cell);
      });
      return line;
    }));
    const left = found.length - shown.length, { sort, down } = order();
    status.textContent = `${found.length.toLocaleString("en")} of ${view.many(rows.length, "number")}` +
      (left ? `, the first ${MOST} in the table` : "") + (found.length ? "" : ": no number is of all that is chosen");
    document.getElementById("explore-all").hidden = !left;
    for (const [index, cell] of [...head.children].entries()) {
      cell.hidden = same[index];
      cell.setAttribute("aria-sort", cell.dataset.name !== sort ? "none" : down ? "descending" : "ascending");
    }
    drawn(found.map((row) => ({
      program: `${row[at.stack]} (${row[at.variant]})${row[at.language] === "Python" ? "" : `, ${row[at.language]}`}`,
      case: CASE.filter((name) => name !== "what").map((name) => row[at[name]]).filter(Boolean).join(", "),
      color: view.colors[row[at.stack]] ?? "var(--muted)",
      value: row[at.value], low: row[at.low], high: row[at.high],
      number: [number(row[at.value], row[at.unit]), row[at.verdict]].filter(Boolean).join(" "), verdict: row[at.verdict], said: said(row), interval: interval(row),
      what: row[at.what], unit: row[at.unit], id: row[at.id],
    })));
  }

  for (const name of shownColumns) {
    const cell = document.createElement("th"), button = document.createElement("button");
    cell.scope = "col";
    cell.dataset.name = name;
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => {
      const { sort, down } = order();
      view.sort = sort === name && !down ? `-${name}` : name;
      view.change();
    });
    cell.append(button);
    head.append(cell);
  }
  document.getElementById("explore-all").addEventListener("click", () => { everything = true; render(); });
  view.listen(render);
  view.recall();
})();
