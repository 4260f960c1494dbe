/* Ticking rows of a list. Which bar is shown is CSS; here is only how many are ticked, and the box for all of a page.
   No sentences: the bar carries its own (data-said). */
(() => {
  "use strict";

  const bar = () => document.getElementById("bulk");
  const boxes = () => [...document.querySelectorAll('input[name="pick"]')];
  let said = "";

  function tell() {
    const form = bar();
    if (!form) { said = ""; return; }
    const picked = boxes().filter((box) => box.checked).length;
    const everything = form.elements.all?.checked;
    const text = picked || everything ? form.dataset.said.replace("{n}", everything ? form.dataset.total : picked) : "";
    document.getElementById("bulk-count").textContent = text;
    const head = document.getElementById("pick-all");
    if (head) {
      head.checked = picked > 0 && picked === boxes().length;
      head.indeterminate = picked > 0 && !head.checked;
    }
    if (text !== said && text) document.dispatchEvent(new CustomEvent("announce", { detail: { value: text } }));
    said = text;
  }

  let last = null; // Shift and a click: every row from the one before
  document.addEventListener("click", (e) => {
    if (!e.target.matches('input[name="pick"]')) return;
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(e.target)].sort((a, b) => a - b);
    if (e.shiftKey && from >= 0) all.slice(from, to + 1).forEach((box) => { box.checked = e.target.checked; });
    last = e.target;
  });
  document.addEventListener("change", (e) => {
    if (e.target.id === "pick-all") boxes().forEach((box) => { box.checked = e.target.checked; });
    if (e.target.matches('#pick-all, input[name="pick"], #bulk [name="all"]')) tell();
  });
  document.addEventListener("reset", (e) => {
    if (e.target !== bar()) return;
    setTimeout(() => { tell(); (last?.isConnected ? last : document.getElementById("pick-all"))?.focus(); }); // Clear goes away with the bar
  });
  document.addEventListener("htmx:afterSettle", (e) => { if (e.target.id === "results") tell(); });
  document.addEventListener("click", (e) => {
    const close = e.target.closest("[data-away]");
    if (!close) return;
    e.preventDefault();
    document.querySelector(close.dataset.away)?.replaceChildren();
    document.getElementById("page-title")?.focus({ preventScroll: true });
  });
  addEventListener("pageshow", tell);
})();
