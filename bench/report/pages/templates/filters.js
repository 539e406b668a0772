// What a reader wants to see. Facets act on the whole page, the other filters on the
// explorer. The view is in the address, after the section and "?", so that it can be shared.
"use strict";
const view = (() => {
  const { columns, filters, facets, rows, colors } = JSON.parse(document.getElementById("numbers").textContent);
  const at = Object.fromEntries(columns.map((name, index) => [name, index]));
  const ALL = "*", OR = "|", SORT = "times the best";
  // Where the explorer begins.
  const first = { what: "latency" };
  const selects = {}, listeners = [];
  const bar = document.getElementById("filter"), status = document.getElementById("filter-status");
  const many = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const of = (shown, all, noun) => shown === all ? `all ${many(all, noun)}` : `${shown.toLocaleString("en")} of ${many(all, noun)}`;

  // What says nothing of a facet is about all of it.
  const about = (name, said = "") => said === "" || selects[name].value === ALL || said.split(OR).includes(selects[name].value);
  const has = (name, said) => selects[name].value === ALL || selects[name].value === said;
  const wanted = (row) => filters.every((name) => (facets.includes(name) ? about : has)(name, row[at[name]]));

  // --- The page: rows of its tables, and charts none of whose rows are left.

  const TAGGED = facets.map((name) => `tr[data-${name}]`).join();
  const tagged = [...document.querySelectorAll(TAGGED)];
  const note = (after) => {
    const made = document.createElement("p");
    made.className = "emptied";
    made.hidden = true;
    after.after(made);
    return made;
  };
  const tables = [...document.querySelectorAll("main table")].filter((table) => table.querySelector(TAGGED))
    .map((table) => ({ rows: [...table.tBodies[0].rows], holder: table.parentElement, note: note(table.parentElement) }));
  const figures = [...document.querySelectorAll("main figure")].filter((figure) => figure.querySelector(TAGGED));
  const sections = [...document.querySelectorAll("main > section")].filter((section) => section.querySelector(TAGGED))
    .map((section) => ({
      rows: tagged.filter((row) => section.contains(row)),
      figures: figures.filter((figure) => section.contains(figure)),
      note: note(section.querySelector("h2")),
    }));
  const hidden = (parts) => parts.filter((part) => part.hidden).length;

  function hide() {
    for (const row of tagged) row.hidden = !facets.every((name) => about(name, row.dataset[name]));
    for (const table of tables) {
      const empty = table.rows.every((row) => row.hidden);
      table.holder.hidden = empty;
      table.note.hidden = !empty;
      table.note.textContent = `The filter hides ${of(table.rows.length, table.rows.length, "row")} of this table.`;
    }
    for (const figure of figures) figure.hidden = [...figure.querySelectorAll(TAGGED)].every((row) => row.hidden || "floor" in row.dataset);
    for (const section of sections) {
      const gone = [[section.figures, "chart"], [section.rows, "row"]].filter(([parts]) => hidden(parts))
        .map(([parts, noun]) => of(hidden(parts), parts.length, noun));
      section.note.hidden = !gone.length;
      section.note.textContent = `The filter hides ${gone.join(" and ")} of this section.`;
    }
    const chosen = facets.map((name) => selects[name].value).filter((value) => value !== ALL);
    const counts = [[tagged, "row"], [figures, "chart"]].map(([parts, noun]) => of(parts.length - hidden(parts), parts.length, noun));
    status.textContent = `${chosen.length ? `${chosen.join(", ")}: ` : ""}${counts.join(" and ")} shown`;
    bar.classList.toggle("on", chosen.length > 0);
    document.getElementById("filter-reset").hidden = !chosen.length;
  }

  // --- The address

  function written() {
    const state = new URLSearchParams();
    const same = filters.every((name) => selects[name].value === (first[name] ?? ALL)) && made.sort === SORT;
    if (same) return "";
    for (const name of filters) if (selects[name].value !== ALL) state.set(name, selects[name].value || "-");
    if (made.sort !== SORT) state.set("sort", made.sort);
    return `?${state}`;
  }

  function address(section = location.hash.split("?")[0]) {
    const state = written();
    history.replaceState(null, "", (state && !section ? "#" : section) + state || location.pathname + location.search);
  }

  function show() {
    hide();
    for (const listener of listeners) listener();
  }

  const reserve = () => document.documentElement.style.setProperty("--filter-height", `${bar.offsetHeight}px`);

  function recall() {
    const [section, given] = location.hash.split("?");
    const state = new URLSearchParams(given);
    for (const name of filters) {
      const value = given === undefined ? first[name] ?? ALL : state.get(name) === "-" ? "" : state.get(name);
      selects[name].value = [...selects[name].options].some((option) => option.value === value) ? value : ALL;
    }
    made.sort = state.get("sort") || SORT;
    show();
    reserve();
    if (given !== undefined && section.length > 1) document.getElementById(section.slice(1))?.scrollIntoView();
  }

  // A link to a section keeps the view, an address with a view brings it back.
  addEventListener("hashchange", () => location.hash.includes("?") ? recall() : address());

  // --- The controls

  function change(section) {
    address(section);
    show();
  }

  // "64 B", "8 KiB"
  const bytes = (text) => parseFloat(text) * (text.endsWith("KiB") ? 1024 : 1);

  function choices(name) {
    const there = facets.includes(name) ? tagged.flatMap((row) => (row.dataset[name] ?? "").split(OR)).filter(Boolean) : [];
    const said = rows.map((row) => row[at[name]]).filter((value) => value || !facets.includes(name));
    const inOrder = name === "size" ? (a, b) => bytes(a) - bytes(b) : (a, b) => a.localeCompare(b, "en", { numeric: true });
    return [...new Set([...there, ...said])].sort(inOrder);
  }

  for (const name of filters) {
    const page = facets.includes(name);
    const label = document.createElement("label"), select = document.createElement("select");
    select.name = name;
    select.add(new Option("all", ALL));
    for (const value of choices(name)) select.add(new Option(value || "(none)", value));
    select.addEventListener("change", () => change(page ? undefined : "#explore"));
    label.append(name, select);
    document.getElementById(page ? "page-filters" : "explore-filters").append(label);
    selects[name] = select;
  }
  function reset(names) {
    for (const name of names) selects[name].value = ALL;
    change();
  }
  document.getElementById("filter-reset").addEventListener("click", () => reset(facets));
  document.getElementById("explore-reset").addEventListener("click", () => reset(filters));
  bar.querySelector("details").open = matchMedia("(min-width: 900px) and (min-height: 600px)").matches;
  bar.hidden = false;
  // Where a link leads to is not to stand behind the bar.
  new ResizeObserver(reserve).observe(bar);

  const made = {
    columns, filters, rows, colors, at, change, recall, many, sort: SORT,
    chosen: () => rows.filter(wanted),
    of: (name) => selects[name].value,
    listen: (listener) => listeners.push(listener),
  };
  return made;
})();
