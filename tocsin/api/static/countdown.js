// Counts down to times at which something is expected. Without this script the page says the time, and how far it was.
"use strict";
(() => {
  const begun = new WeakMap();

  const words = (seconds) => {
    if (seconds <= 0) return "due now";
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours >= 1) return `in ${hours} h ${minutes % 60} min`;
    if (minutes >= 1) return `in ${minutes} min ${Math.floor(seconds % 60)} s`;
    return `in ${Math.floor(seconds)} s`;
  };

  // The service's clock counts, not this device's: a phone may be minutes off.
  const tick = () => {
    for (const one of document.querySelectorAll("[data-in-s]")) {
      if (!begun.has(one)) begun.set(one, performance.now());
      const left = Number(one.dataset.inS) - (performance.now() - begun.get(one)) / 1000;
      if (Number.isFinite(left)) one.textContent = words(left);
    }
  };
  tick();
  window.setInterval(tick, 1000);
})();
