/* The bell: how many notifications are unread, also on a page that stays open, and the latest of them when it is opened. It moves no focus:
   the number is asked for without htmx, which would show the page as busy. */
(() => {
  "use strict";

  const bell = document.getElementById("bell"), menu = document.getElementById("bell-menu");
  if (!bell || !menu) return;

  const EVERY_MS = 60_000;
  let latest = 0, looked = performance.now(), timer = 0;
  async function look() {
    const mine = ++latest;
    looked = performance.now();
    const answer = await fetch(bell.dataset.count, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.status === 401) stop(); // logged out: nothing is asked any more, unless something happens on this page
    if (!answer?.ok || mine !== latest) return;
    const { count, label } = await answer.json();
    const badge = bell.querySelector(".bell__count");
    badge.textContent = count;
    badge.hidden = count === "0";
    bell.querySelector(".vh").textContent = label;
    start();
  }
  function start() { timer ||= setInterval(() => { if (!document.hidden) look(); }, EVERY_MS); }
  function stop() { clearInterval(timer); timer = 0; }
  start();
  document.addEventListener("page:changed", look, true);
  document.addEventListener("visibilitychange", () => { if (timer && !document.hidden && performance.now() - looked > EVERY_MS) look(); });

  menu.addEventListener("toggle", async (e) => {
    if (e.newState !== "open" || !window.htmx) return; // without scripts it leads to the list
    const list = document.getElementById("bell-latest"), held = list.contains(document.activeElement);
    await window.htmx.ajax("GET", menu.dataset.latest, { target: list, swap: "innerHTML" });
    if (held && !menu.contains(document.activeElement)) list.querySelector("a")?.focus();
  });
})();
