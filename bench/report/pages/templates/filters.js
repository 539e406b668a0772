// What a reader wants to see of the numbers. The view is in the address, so that it can be
// shared.
"use strict";
const view = (() => {
  const { columns, filters, rows, colors } = JSON.parse(document.getElementById("numbers").textContent);
  const at = Object.fromEntries(columns.map((name, index) => [name, index]));
  const ALL = "*", SORT = "times the best";
  // Where the explorer begins.
  const first = { what: "latency" };
  const selects = {}, listeners = [];
  const many = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const wanted = (row) => made.id ? row[at.id] === made.id : filters.every((name) => [ALL, row[at[name]]].includes(selects[name].value));

  function address() {
    const state = new URLSearchParams();
    for (const name of filters) if (selects[name].value !== ALL) state.set(name, selects[name].value || "-");
    if (made.sort !== SORT) state.set("sort", made.sort);
    history.replaceState(null, "", `#explore?${state}`);
  }

  const show = () => listeners.forEach((listener) => listener());

  function recall() {
    const given = location.hash.split("?")[1];
    const state = new URLSearchParams(given);
    for (const name of filters) {
      const value = given === undefined ? first[name] ?? ALL : state.get(name) === "-" ? "" : state.get(name);
      selects[name].value = [...selects[name].options].some((option) => option.value === value) ? value : ALL;
    }
    made.sort = state.get("sort") || SORT;
    made.id = state.get("id");
    show();
  }

  function change() {
    made.id = null;
    address();
    show();
  }

  // "64 B", "8 KiB"
  const bytes = (text) => parseFloat(text) * (text.endsWith("KiB") ? 1024 : 1);
  const inOrder = (name) => name === "size" ? (a, b) => bytes(a) - bytes(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });

  for (const name of filters) {
    const label = document.createElement("label"), select = document.createElement("select");
    select.name = name;
    select.add(new Option("all", ALL));
    const values = [...new Set(rows.map((row) => row[at[name]]))].sort(inOrder(name));
    for (const value of values) select.add(new Option(value || "(none)", value));
    select.addEventListener("change", change);
    label.append(name, select);
    document.getElementById("explore-filters").append(label);
    selects[name] = select;
  }
  document.getElementById("explore-reset").addEventListener("click", () => {
    for (const name of filters) selects[name].value = ALL;
    change();
  });
  addEventListener("hashchange", recall);

  const made = {
    columns, filters, rows, colors, at, change, recall, many, sort: SORT, id: null,
    chosen: () => rows.filter(wanted),
    listen: (listener) => listeners.push(listener),
  };
  return made;
})();
