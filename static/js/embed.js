// Havn's lead forms on your own site (docs/lead-forms.md). One script, no cookie, no dependency, no sentence.
(() => {
  "use strict";
  const script = document.currentScript;
  const base = new URL("/forms/", script.src).href;
  const here = new URL(base).origin;
  const make = (tag, more) => Object.assign(document.createElement(tag), more);
  const isWeb = (address) => /^https?:/.test(address || "");
  const sent = (element) => element.dispatchEvent(new CustomEvent("havn:sent", { bubbles: true }));

  // Where this visitor came from, in this site's own storage; where that is denied this page is all we know.
  const keep = (store, name, value) => {
    try {
      if (value) window[store].setItem(name, JSON.stringify(value));
      return value || JSON.parse(window[store].getItem(name));
    } catch {
      return value;
    }
  };
  const visit = () => {
    const of = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "referrer", "landing_page"];
    const query = new URLSearchParams(location.search);
    const now = { landing_page: location.origin + location.pathname, at: new Date().toISOString() };
    of.slice(0, 5).forEach((name) => query.get(name) && (now[name] = query.get(name).slice(0, 255)));
    const isTagged = Object.keys(now).length > 2;
    try {
      const from = new URL(document.referrer).hostname; // the domain alone
      if (from !== location.hostname) now.referrer = from;
    } catch {}
    const isNew = isTagged || now.referrer;
    const last = (!isNew && keep("sessionStorage", "havn-visit")) || keep("sessionStorage", "havn-visit", now);
    const first = keep("localStorage", "havn-first") || keep("localStorage", "havn-first", last);
    const all = { first_at: first.at };
    of.forEach((name) => {
      all[name] = last[name];
      all[`first_${name}`] = first[name];
    });
    return Object.fromEntries(Object.entries(all).filter((one) => one[1]).map(([name, value]) => [name, String(value)]));
  };
  const came = visit();

  // In a frame, where the script stands.
  const frame = (slug) => {
    // Attributes, no styles: a site's own style sheet may say otherwise, and its policy need not allow any.
    const box = make("iframe", { src: `${base}${slug}/embed/`, title: script.dataset.title || slug, width: "100%", height: "600", frameBorder: "0", className: "havn-form" });
    let loads = 0;
    box.addEventListener("load", () => {
      loads += 1;
      box.contentWindow.postMessage({ havn: slug, visit: came }, here);
    });
    addEventListener("message", (e) => {
      if (e.origin !== here || e.source !== box.contentWindow || e.data?.havn !== slug) return;
      const { height, title, focus, done, go } = e.data;
      if (height > 0) box.height = Math.min(height, 5000);
      if (title) box.title = title;
      if (focus && loads > 1) box.scrollIntoView({ block: "nearest" });
      if (done) sent(box);
      if (done && isWeb(go)) location.assign(go);
    });
    script.after(box);
  };

  // A form of the site's own.
  const ask = async (address, body) => {
    const signal = AbortSignal.timeout(20000);
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, signal, credentials: "omit" });
    if (answer.status > 499) throw answer;
    return { status: answer.status, ok: answer.ok, ...(await answer.json()) };
  };
  const enhance = (form) => {
    if (form.havnIsReady) return;
    form.havnIsReady = true;
    const address = `${base}${form.dataset.havnForm}/`;
    form.method = "post"; // never by GET: an address is kept in logs
    form.action = address;
    let key, at, busy;
    let wrong = [];
    const getKey = () => ask(`${address}key/`).then((got) => {
      if (!got.ok) throw got;
      at = Date.now();
      return (key = got);
    });
    const asked = getKey().catch(() => {});
    const message = form.querySelector("[data-havn-message]") || form.appendChild(make("p", { className: "havn-message" }));
    message.setAttribute("role", "alert");
    const tell = (text) => {
      message.textContent = text || "";
      message.hidden = !text;
    };
    tell();

    const mark = (errors = {}, labels = {}) => {
      wrong.forEach(([input, note, described]) => {
        note.remove();
        input.removeAttribute("aria-invalid");
        input.setAttribute("aria-describedby", described);
      });
      wrong = [];
      const elsewhere = [];
      for (const [name, texts] of Object.entries(errors)) {
        const text = texts.join(" ");
        const input = form.querySelector(`[name="${name}"]:not([type=hidden])`);
        if (!input) {
          elsewhere.push(`${labels[name]}: ${text}`);
          continue;
        }
        const note = make("p", { className: "havn-error", id: `havn-${name}`, textContent: text });
        (input.closest("label") || input).after(note);
        const described = input.getAttribute("aria-describedby") || "";
        wrong.push([input, note, described]);
        input.setAttribute("aria-invalid", "true");
        input.setAttribute("aria-describedby", `${described} ${note.id}`.trim());
      }
      wrong[0]?.[0].focus();
      return elsewhere;
    };
    const done = ({ text, go }) => {
      sent(form);
      if (isWeb(go)) return location.assign(go);
      const box = make("p", { className: "havn-thanks", textContent: text, tabIndex: -1 });
      form.replaceWith(box);
      box.focus();
    };
    const send = async () => {
      await asked;
      if (!key || Date.now() - at > 8e7) {
        try {
          await getKey();
        } catch {
          // Havn cannot be asked from here: as without a script, by way of its own page.
          for (const [name, value] of Object.entries(came)) form.append(make("input", { type: "hidden", name, value }));
          return HTMLFormElement.prototype.submit.call(form);
        }
        await new Promise((go) => setTimeout(go, 3500)); // sooner it would be taken for a program's
      }
      const body = new URLSearchParams();
      new FormData(form).forEach((value, name) => body.append(name, value));
      Object.entries({ ...came, form_key: key.key }).forEach(([name, value]) => body.set(name, value));
      for (let wait = 1000; ; wait *= 2) {
        try {
          const got = await ask(`${address}send/`, body); // the same key: however often it arrives, it is one inquiry
          if (got.ok) return done(got);
          if (got.key) key.key = got.key;
          return tell([got.text, ...mark(got.errors, got.labels)].filter(Boolean).join(" "));
        } catch {
          if (wait > 20000) return tell(key.failed);
          tell(key.offline);
          await new Promise((go) => {
            setTimeout(go, wait);
            addEventListener("online", go, { once: true });
          });
        }
      }
    };
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      if (busy) return;
      busy = true;
      e.submitter?.setAttribute("aria-disabled", "true");
      tell();
      mark();
      await send();
      busy = false;
      e.submitter?.removeAttribute("aria-disabled");
    });
  };

  const start = () => document.querySelectorAll("form[data-havn-form]").forEach(enhance);
  if (script.dataset.form) frame(script.dataset.form);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
