// Keeps a page up to date, and says so loudly when it cannot. Without this script pages reload themselves each minute.
"use strict";
(() => {
  const SILENCE_MS = 15000;
  const stale = document.getElementById("stale");
  if (!stale || !window.EventSource) return;
  let heard = Date.now();
  let changed = false;

  // Somebody types, or reads what they opened themselves (data-open: opened for them).
  const busy = () => {
    const active = document.activeElement;
    return (active && active.closest("form") !== null) || document.querySelector("#main details[open]:not([data-open])") !== null;
  };

  const refresh = () => {
    const main = document.getElementById("main");
    if (!changed || !main.hasAttribute("hx-get") || busy() || !window.htmx) return;
    changed = false;
    window.htmx.trigger(main, "tocsin:changed");
  };

  const hear = () => {
    heard = Date.now();
    stale.hidden = true;
  };

  const look = () => {
    const silent = Date.now() - heard;
    if (silent <= SILENCE_MS) return refresh();
    stale.hidden = false;
    document.getElementById("stale-age").textContent = Math.round(silent / 1000) + " s";
  };

  const follow = () => {
    const stream = new EventSource("/api/v1/stream");
    stream.addEventListener("open", hear);
    stream.addEventListener("tick", hear);
    stream.addEventListener("event", (message) => {
      hear();
      const only = document.getElementById("main").dataset.event;
      if (only && JSON.parse(message.data).id !== only) return;
      changed = true;
      refresh();
    });
    return stream;
  };
  // A page that was left keeps no line: browsers allow six to a host, kept pages included.
  let stream = follow();
  window.addEventListener("pagehide", () => stream.close());
  window.addEventListener("pageshow", (shown) => {
    if (!shown.persisted) return;
    changed = true;
    stream = follow();
  });
  window.setInterval(look, 1000);

  // Local time, where a finger or mouse rests on a UTC one.
  const localise = () => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.getAttribute("datetime"));
      if (!Number.isNaN(moment.getTime())) time.title = moment.toLocaleString() + " here";
    }
  };
  localise();
  document.body.addEventListener("htmx:afterSettle", localise);
})();
