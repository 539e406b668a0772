// The rows of the explorer as a chart: a panel for each case, a mark with its interval for
// each program. The table below it holds the same, for who does not see it.
"use strict";
const drawn = (() => {
  const holder = document.getElementById("explore-chart"), said = document.getElementById("explore-drawn");
  const MOST = 60, STEP_PX = 22, NUMBERS_PX = 66, VERDICTS_PX = 130, WIDE_FROM_PX = 700, DECADE = 10, NARROW_CHARS = 26, LARGE_FROM = 10000;
  let last = [], asked = 0, view = null;

  // Logarithmic where values span more than a decade, and none of what is drawn is zero.
  function scaled(ends, wide) {
    const least = Math.min(...ends), most = Math.max(...ends);
    if (!(least > 0 && most > DECADE * least)) return { scale: { type: "linear", zero: true, nice: true } };
    const decades = [];
    for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) decades.push(10 ** power);
    const few = decades.filter((one) => least <= one && one <= most).length < 2;
    const values = !few && (!wide || most > 1000 * least) ? decades : decades.flatMap((one) => [one, 2 * one, 5 * one]);
    return { scale: { type: "log", nice: false, padding: 12 }, values };
  }

  // A case's name in lines that fit.
  function wrapped(text, chars) {
    const lines = [""];
    for (const part of text.split(", ")) {
      const line = lines.at(-1);
      if (line && line.length + part.length > chars) lines.push(part);
      else lines[lines.length - 1] = line ? `${line}, ${part}` : part;
    }
    return lines;
  }

  // What never ended is an arrow at the edge, and an interval without an end reaches it.
  const placed = (row, most) => ({
    ...row, at: row.value ?? most, shape: row.value === null ? "triangle-right" : "circle",
    from: row.low ?? row.value ?? most, to: row.high ?? (row.low === null ? row.value : most) ?? most,
  });

  // From top to bottom: the name of a case, and below it its programs.
  function lines(rows, most, chars) {
    const heads = [], marks = [];
    let line = 0;
    for (const name of new Set(rows.map((row) => row.case))) {
      for (const text of wrapped(name, chars)) heads.push({ text, line: line++ });
      for (const row of rows.filter((one) => one.case === name)) marks.push({ ...placed(row, most), line: line++ });
      line += 0.5;
    }
    return { heads, marks, line };
  }

  function spec(rows, width) {
    const { what } = rows[0];
    const ends = rows.flatMap((row) => [row.value, row.low, row.high]).filter((end) => end !== null);
    const wide = width >= WIDE_FROM_PX, most = Math.max(...ends, 0), { scale, values } = scaled(ends, wide);
    const names = wide ? 195 : 150, numbers = rows.some((row) => row.verdict) ? VERDICTS_PX : NUMBERS_PX;
    const plot = Math.max(80, width - names - numbers);
    const { heads, marks, line } = lines(rows, most, wide ? Infinity : NARROW_CHARS);
    const size = wide ? 12 : 11;
    const tooltip = ["program", "case", "said", "interval", "id"]
      .map((field) => ({ field, title: field === "said" ? what : field }));
    const y = { field: "line", type: "quantitative", axis: null, scale: { domain: [line - 0.5, -0.5], zero: false, nice: false } };
    const x = (field) => ({ field, type: "quantitative", title: measured(rows[0]), scale, axis: { values } });
    const color = { field: "color", type: "nominal", scale: null };
    return {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      data: { values: marks },
      width: plot,
      height: line * STEP_PX,
      layer: [
        { mark: { type: "rule", color: "var(--grid)" }, encoding: { x: { value: 0 }, x2: { value: plot }, y } },
        { mark: { type: "rule", strokeWidth: 2 }, encoding: { x: x("from"), x2: { field: "to" }, y, color } },
        { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x: x("at"), y, color, shape: { field: "shape", scale: null }, tooltip } },
        { mark: { type: "text", align: "left" }, encoding: { x: { value: plot + 12 }, y, text: { field: "number" }, tooltip } },
        { mark: { type: "text", align: "right", limit: names - 6 }, encoding: { x: { value: -8 }, y, text: { field: "program" }, tooltip } },
        { data: { values: heads }, mark: { type: "text", align: "left", fontWeight: "bold", color: "var(--muted)", dx: wide ? 0 : -names + 10 }, encoding: { x: { value: 0 }, y, text: { field: "text" } } },
      ],
      config: {
        background: null, font: "system-ui, sans-serif", padding: 0,
        view: { stroke: null },
        text: { color: "var(--ink)", fontSize: size, baseline: "middle" },
        axis: { labelColor: "var(--muted)", titleColor: "var(--muted)", gridColor: "var(--grid)", domain: false, ticks: false, labelFontSize: size, titleFontSize: size, titleFontWeight: "normal" },
        axisX: { orient: "top", format: most < LARGE_FROM ? ",~r" : "~s", tickCount: wide ? 8 : 3, labelOverlap: true },
      },
    };
  }

  // Whole cases only: rows come best first, so that a cut through a case would hide its worst.
  function whole(rows) {
    const cases = Map.groupBy(rows, (row) => row.case), found = [];
    for (const members of cases.values()) {
      if (found.length && found.length + members.length > MOST) break;
      found.push(...members);
    }
    return found;
  }

  const measured = ({ what, unit }) => what.endsWith(unit) ? what : `${what}, ${unit}`;

  function words(rows, left) {
    const cases = new Set(rows.map((row) => row.case)).size;
    return `${measured(rows[0])}: ${rows.length} ${rows.length === 1 ? "number" : "numbers"} in ` +
      `${cases} ${cases === 1 ? "case" : "cases"}${rows.some((row) => row.interval) ? ", with intervals" : ""}` + (left ? `; ${left} more in the table, or filter` : "");
  }

  async function draw() {
    const mine = ++asked, rows = whole(last);
    const one = new Set(last.map((row) => row.what)).size === 1;
    holder.hidden = !one;
    said.textContent = one ? words(rows, last.length - rows.length) : last.length ? "Choose one thing under “what” to see it as a chart." : "";
    holder.removeAttribute("data-drawn");
    if (!one) return;
    holder.setAttribute("aria-label", `Chart of ${said.textContent}: ${rows.slice(0, 5).map((row) => `${row.program} ${row.said} (${row.case})`).join("; ")}` +
      `${rows.length > 5 ? "; and so on" : ""}. The table below has every number.`);
    const width = holder.parentElement.clientWidth - 26;
    // The interpreter of expressions is for pages that forbid eval, as this one does.
    const how = { mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, tooltip: { disableDefaultStyle: true } };
    const done = await vegaEmbed(holder.firstElementChild, spec(rows, width), how);
    if (mine !== asked) return done.finalize();
    view?.finalize();
    view = done;
    holder.dataset.drawn = rows.length;
  }

  let width = innerWidth, waiting = 0;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 200);
  });
  return (rows) => { last = rows; draw(); };
})();
