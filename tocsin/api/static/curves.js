// Light curves of all instruments on one axis, to be zoomed: loaded when asked for. The pictures above need no script.
"use strict";
(() => {
  const box = document.getElementById("curves");
  if (!box) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain-button";
  button.textContent = "All on one axis";
  box.append(button);

  const load = (make) => new Promise((done, failed) => {
    const node = make();
    node.onload = done;
    node.onerror = failed;
    document.head.append(node);
  });
  const script = () => Object.assign(document.createElement("script"), { src: box.dataset.script, integrity: box.dataset.scriptHash });
  const style = () => Object.assign(document.createElement("link"), { rel: "stylesheet", href: box.dataset.style, integrity: box.dataset.styleHash });

  // Rates in units of their own scatter around their own median: instruments of any rate on one axis.
  const scaled = (curve) => {
    const n = curve.counts.length;
    const start = curve.start_s || Array.from({ length: n }, (_, i) => curve.even.start_s + i * curve.even.width_s);
    const width = curve.width_s || Array(n).fill(curve.even.width_s);
    const rate = curve.counts.map((value, i) => value === null ? null : value / width[i]);
    const sorted = rate.filter((value) => value !== null).sort((a, b) => a - b);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    const middle = at(0.5);
    const scatter = (at(0.84) - at(0.16)) / 2 || 1;
    for (const masked of curve.masked || []) rate[masked] = null;
    return [start, rate.map((value) => value === null ? null : (value - middle) / scatter)];
  };

  const draw = async () => {
    button.disabled = true;
    button.textContent = "Loading";
    const wanted = JSON.parse(box.dataset.curves);
    const base = box.dataset.base;
    await Promise.all([load(script), load(style)]);
    const found = await Promise.all(wanted.map(async (one) => {
      const answer = await fetch(base + encodeURIComponent(one.instrument) + "?form=json");
      return { ...one, table: scaled(await answer.json()), zero: one.zero_s };
    }));
    const css = getComputedStyle(document.documentElement);
    const colour = (name) => css.getPropertyValue(name).trim();
    const dashes = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4]];
    const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line") }, ticks: { stroke: colour("--line") } };
    let plot = null;
    const show = (shifted) => {
      const tables = found.map((one) => {
        const offset = one.zero - (shifted ? one.shift_s : 0);
        return [one.table[0].map((t) => t + offset), one.table[1]];
      });
      const options = {
        width: box.clientWidth, height: 320, scales: { x: { time: false } },
        axes: [{ ...axis, label: "s from T0" + (shifted ? ", delays taken out" : "") }, { ...axis, label: "scatter above median" }],
        series: [{ label: "s" }, ...found.map((one, i) => ({
          label: one.instrument, stroke: colour("--c" + (1 + i % 4)), dash: dashes[i % dashes.length], width: 1,
          paths: uPlot.paths.stepped({ align: 1 }), spanGaps: true,
        }))],
      };
      if (plot) plot.destroy();
      plot = new uPlot(options, uPlot.join(tables), box);
      plot.setScale("x", { min: -30, max: 30 });
    };
    const label = document.createElement("label");
    const tick = Object.assign(document.createElement("input"), { type: "checkbox" });
    label.append(tick, " take the delays out");
    tick.addEventListener("change", () => show(tick.checked));
    button.replaceWith(label);
    show(false);
  };
  button.addEventListener("click", () => draw().catch(() => {
    button.textContent = "The light curves could not be loaded";
  }));
})();
