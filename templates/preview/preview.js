// The page of `newsletter preview`: follows the stream of versions and puts new fragments in place of old ones.
// Everything works without it, by reloading.
"use strict";

const statusLine = document.getElementById("status");
const fetched = async (address) => {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
};
const say = (text) => { if (statusLine && statusLine.textContent !== text) statusLine.textContent = text; };

// ------------------------------------------------------------ the stream

// A hidden page holds no connection: browsers allow six per site. It hears the current version when it is shown again.
function follow(address, heard, lost) {
  let stream = null;
  const open = () => {
    stream = new EventSource(address);
    stream.onmessage = (event) => heard(event.data);
    stream.onerror = () => say(lost);
  };
  const decide = () => {
    if (document.hidden) { stream?.close(); stream = null; }
    else if (!stream) open();
  };
  document.addEventListener("visibilitychange", decide);
  decide();
}

// One update at a time; what arrives meanwhile is done once, afterwards.
function oneAtATime(work) {
  let running = false, again = false;
  return async function run() {
    if (running) { again = true; return; }
    running = true;
    do { again = false; await work().catch(() => {}); } while (again);
    running = false;
  };
}

// ------------------------------------------------------------ the index

function followIndex(index) {
  const place = document.getElementById("rows");
  const update = oneAtATime(async () => {
    const rows = await fetched(index.dataset.rows);
    const focused = place.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    place.innerHTML = rows;
    if (focused) place.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    say("");
  });
  follow(index.dataset.events, update, index.dataset.lost);
}

// ------------------------------------------------------------ one issue

function followIssue(issue) {
  const controls = document.getElementById("controls");
  const stage = document.getElementById("stage");
  const findings = document.getElementById("findings");
  const data = issue.dataset;

  const chosen = () => {
    const query = new URLSearchParams(data.query);
    for (const [name, value] of new FormData(controls)) query.set(name, value);
    return query;
  };

  // The mail as it was scrolled; only its content is replaced, so that nothing jumps and nothing flashes.
  const write = (frame, html) => {
    const inside = frame.contentDocument;
    const top = inside.scrollingElement.scrollTop;
    inside.documentElement.innerHTML = html;
    inside.scrollingElement.scrollTop = top;
  };

  const fit = () => {
    const device = stage.querySelector(".device");
    if (!device) return;
    const width = Number(device.dataset.width);
    const scale = Math.min(1, stage.clientWidth / width);
    device.style.width = `${width * scale}px`;
    const frame = device.firstElementChild;
    frame.style.width = `${width}px`;
    frame.style.height = `${device.clientHeight / scale}px`;
    frame.style.transform = `scale(${scale})`;
  };

  // Links in the mail open nothing: where they lead is shown, and can be opened on purpose. Anchors scroll.
  const clicked = (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    event.preventDefault();
    const address = link.getAttribute("href");
    if (address.startsWith("#")) {
      const inside = link.ownerDocument;
      (inside.getElementById(address.slice(1)) ?? inside.documentElement).scrollIntoView();
      return;
    }
    showTarget(address);
  };
  const showTarget = (address) => {
    const place = document.getElementById("target");
    const shown = document.createElement("b");
    shown.textContent = address;
    place.replaceChildren(`${place.dataset.text} `, shown);
    if (!/^https?:/.test(address)) return;
    const link = Object.assign(document.createElement("a"), { href: address, target: "_blank", rel: "noopener noreferrer" });
    link.textContent = place.dataset.open;
    place.append(" ", link);
  };

  const dress = () => {
    fit();
    const frame = document.getElementById("frame");
    frame?.addEventListener("load", () => {
      frame.contentDocument.addEventListener("click", clicked);
      frame.contentDocument.addEventListener("auxclick", clicked);
      frame.dataset.ready = "yes";
    });
  };

  // The frame stays where it is while its mode stays what it was; everything around it is new.
  const renew = (html, keepsFrame, query) => {
    const frame = document.getElementById("frame");
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    const newFrame = fresh.content.getElementById("frame");
    if (keepsFrame && newFrame) {
      frame.title = newFrame.title;
      for (const kind of [".notice", ".envelope", ".sizes"]) {
        const old = stage.querySelector(kind), now = fresh.content.querySelector(kind);
        if (old && now) old.replaceWith(now);
        else if (old) old.remove();
        else if (now) stage.prepend(now);
      }
      fit();
      return;
    }
    stage.replaceChildren(fresh.content);
    document.getElementById("frame")?.setAttribute("data-query", query);
    dress();
  };

  let shownVersion = data.version;
  let wantedVersion = data.version;

  const update = oneAtATime(async () => {
    const version = wantedVersion, query = chosen().toString();
    const frame = document.getElementById("frame");
    const keepsFrame = Boolean(frame?.dataset.ready) && frame.dataset.query === query;
    // The mail is asked for first and written when it is there: it is what the editor looks at.
    const [, html, list] = await Promise.all([
      keepsFrame ? fetched(`${data.mail}?${query}`).then((mail) => write(frame, mail)) : null,
      fetched(`${data.stage}?${query}`),
      version === shownVersion ? null : fetched(data.findings),
    ]);
    renew(html, keepsFrame, query);
    if (list !== null) {
      findings.innerHTML = list;
      const time = new Date().toLocaleTimeString(document.documentElement.lang);
      say(data.updated.replace("{time}", time).replace("{counts}", findings.querySelector("[data-counts]").dataset.counts));
    }
    shownVersion = version;
    data.version = version;
    data.state = data.heard;
  });

  const heard = (text) => {
    [wantedVersion, data.heard] = text.split(" ");
    if (wantedVersion === shownVersion) say(data.connected);
    else update();
  };

  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("change", () => {
    const query = chosen();
    const isMail = query.get("view") === "mail";
    for (const part of controls.querySelectorAll("[data-for-mail]")) part.disabled = !isMail;
    data.query = query.toString();
    history.replaceState(null, "", `?${query}`);
    update();
  });
  window.addEventListener("resize", fit);
  const frame = document.getElementById("frame");
  if (frame) { frame.dataset.query = chosen().toString(); }
  dress();
  if (frame?.contentDocument?.readyState === "complete" && frame.contentDocument.URL !== "about:blank") frame.dispatchEvent(new Event("load"));
  follow(data.events, heard, data.lost);
}

document.documentElement.classList.add("scripted");
const index = document.getElementById("index");
const issue = document.getElementById("issue");
if (index) followIndex(index);
if (issue) followIssue(issue);
