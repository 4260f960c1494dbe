/* Boards. Dragging, and Shift with an arrow key, are only shortcuts: they press the entry of the card's own menu, which asks the
   server. Nothing moves before it agrees. */
(() => {
  "use strict";

  const board = () => document.getElementById("board");
  const cardOf = (el) => el?.closest?.(".deal[id]");
  const columnOf = (el) => el?.closest?.("[data-column]");
  const entry = (card, key) => card.querySelector(`[data-to="${CSS.escape(key)}"]`);

  /* -------------------------------------------------------------- Moving */
  let mover = "", goal = ""; // the card that moved last, by id, and the column it was to go to
  const going = new Map(); // cards on their way, and where to: a second quick move starts there
  const whereabouts = (card) => going.get(card.id) ?? columnOf(card).dataset.column;
  function move(card, key) {
    const way = key !== whereabouts(card) && entry(card, key);
    if (!way) return;
    if (way.form?.hasAttribute("data-in-turn")) going.set(card.id, key);
    way.click();
  }
  document.addEventListener("htmx:beforeRequest", (e) => {
    const card = cardOf(e.target), way = e.detail.requestConfig.triggeringEvent?.submitter?.dataset.to;
    card?.setAttribute("aria-busy", "true");
    if (card && way) [mover, goal] = [card.id, way];
  });
  document.addEventListener("htmx:afterRequest", (e) => {
    if (e.target === board() && !e.detail.successful) settle();
    const card = cardOf(e.target);
    if (!card) return;
    const { verb } = e.detail.requestConfig;
    if (verb === "get" || !e.detail.successful) card.removeAttribute("aria-busy"); // else until the board is as it is now
    if (!e.detail.successful) going.clear(); // what was still waiting its turn is not done either
  });
  function settle() {
    going.clear();
    board()?.querySelectorAll("[aria-busy]").forEach((el) => el.removeAttribute("aria-busy"));
  }

  /* ------------------------------------------------------------ Dragging */
  let dragged = ""; // by id: the board may be fetched again meanwhile
  const over = () => document.querySelectorAll(".board .is-over").forEach((el) => el.classList.remove("is-over"));
  const target = (e) => {
    const card = dragged && document.getElementById(dragged), column = columnOf(e.target);
    return card && column && entry(card, column.dataset.column) ? [card, column] : [];
  };
  document.addEventListener("dragstart", (e) => {
    const card = e.target.closest?.(".deal[draggable='true']");
    dragged = card?.id || "";
    if (!card) return;
    e.dataTransfer.effectAllowed = "move";
    e.dataTransfer.setData("text/plain", card.querySelector("h3").textContent);
    requestAnimationFrame(() => card.classList.add("is-dragging"));
  });
  document.addEventListener("dragover", (e) => {
    const [, column] = target(e);
    if (!column?.classList.contains("is-over")) over();
    if (!column) return;
    e.preventDefault();
    column.classList.add("is-over");
  });
  document.addEventListener("drop", (e) => {
    const [card, column] = target(e);
    over();
    if (!card) return;
    e.preventDefault();
    move(card, column.dataset.column);
  });
  document.addEventListener("dragend", () => {
    document.querySelector(".deal.is-dragging")?.classList.remove("is-dragging");
    dragged = "";
    over();
  });

  /* ------------------------------------------------------------ Keyboard */
  const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
  document.addEventListener("keydown", (e) => {
    const step = STEPS[e.key], card = cardOf(e.target);
    if (!step || !card?.draggable || !e.shiftKey || e.ctrlKey || e.altKey || e.metaKey || e.target.closest("input, textarea, select, .menu")) return;
    e.preventDefault();
    if (e.repeat) return; // held down: still one step
    const keys = [...document.querySelectorAll(".board > [data-column]")].map((column) => column.dataset.column);
    let at = keys.indexOf(whereabouts(card)) + step;
    while (keys[at] && !entry(card, keys[at])) at += step;
    if (keys[at]) move(card, keys[at]);
  });

  /* ------------------------------------- The board as it is now, in place */
  let was = null;
  const held = (card) => card && (card.querySelector("[aria-keyshortcuts]") || card.querySelector("a"));
  document.addEventListener("htmx:beforeSwap", (e) => {
    if (!e.detail.shouldSwap || e.detail.target.id !== "board") return;
    const card = cardOf(document.activeElement), item = card?.parentElement;
    const near = [item, item?.nextElementSibling, item?.previousElementSibling].map((li) => li?.querySelector(".deal")?.id).filter(Boolean);
    was = { left: e.detail.target.scrollLeft, top: e.detail.target.scrollTop, near };
  });
  document.addEventListener("htmx:afterSwap", (e) => {
    if (!was || e.detail.target.id !== "board") return;
    const { left, top, near } = was;
    was = null;
    for (const [id, key] of going) {
      const card = document.getElementById(id);
      if (!card || columnOf(card).dataset.column === key) going.delete(id); // it has arrived
    }
    board()?.scrollTo(left, top);
    if (!near.length) return;
    if ((document.activeElement ?? document.body) === document.body) { // the control is gone: to its card, or to the card beside it
      const away = near[0] === mover && !document.getElementById(mover); // it went where it is not shown: the next press is not meant for another
      const further = away && document.getElementById(`more-${goal}`); // it is below these, or the board shows it no more
      const next = away ? further || document.getElementById("page-title") : held(near.map((id) => document.getElementById(id)).find(Boolean));
      next?.focus({ preventScroll: true });
      if (further) further.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    if (document.querySelector(".deal :focus-visible")) document.activeElement.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
})();
