// The staff pages: sound and page title for emergencies, the state of the live line, and nothing typed is lost on a refresh.
(function () {
  "use strict";
  var REPEAT_MS = 15000; // an emergency nobody took sounds again
  var toast = document.getElementById("toast");
  var title = document.title;
  var known = null; // ids of the emergencies already sounded
  var waiting = null; // ids of the other tasks seen
  var typed = {};
  var toastTimer = 0;

  function say(text, lastsMs) {
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(function () { toast.hidden = true; }, lastsMs || 9000);
  }

  // ---- sound ---------------------------------------------------------------------------------------------------
  var button = document.getElementById("sound");
  var context = null;

  function tone(frequency, at, seconds, loudness) {
    var source = context.createOscillator();
    var volume = context.createGain();
    source.type = "triangle";
    source.frequency.value = frequency;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(loudness, at + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + seconds);
    source.connect(volume).connect(context.destination);
    source.start(at);
    source.stop(at + seconds + 0.05);
  }

  function ring(urgent) {
    if (!context || context.state !== "running" || localStorage.getItem("nx_sound") !== "1") { return; }
    var now = context.currentTime;
    document.body.dataset.rang = String(Number(document.body.dataset.rang || 0) + 1);
    if (!urgent) { tone(660, now, 0.35, 0.15); return; }
    for (var turn = 0; turn < 3; turn += 1) {
      tone(880, now + turn * 0.7, 0.3, 0.4);
      tone(587, now + turn * 0.7 + 0.32, 0.3, 0.4);
    }
  }

  function showSound() {
    if (!button) { return; }
    var on = localStorage.getItem("nx_sound") === "1" && context !== null && context.state === "running";
    button.setAttribute("aria-pressed", on ? "true" : "false");
    button.classList.toggle("asks", !on);
    button.querySelector("span").textContent = on ? button.dataset.on : button.dataset.off;
  }

  function wake() {
    var Kind = window.AudioContext || window.webkitAudioContext;
    if (!Kind) { return Promise.resolve(); }
    context = context || new Kind();
    return context.resume().then(showSound, showSound);
  }

  if (button && (window.AudioContext || window.webkitAudioContext)) {
    button.hidden = false;
    button.addEventListener("click", function () {
      var on = button.getAttribute("aria-pressed") === "true";
      localStorage.setItem("nx_sound", on ? "0" : "1");
      if (on) { showSound(); return; }
      wake().then(function () {
        ring(false); // heard at once: the volume is right, or not
        if (urgentIds().length) { ring(true); }
      });
    });
    // Browsers stay silent until the first click on the page; any click will do when sound was chosen before.
    if (localStorage.getItem("nx_sound") === "1") {
      wake();
      document.addEventListener("pointerdown", wake, { once: true });
      document.addEventListener("keydown", wake, { once: true });
    }
    showSound();
  }

  // ---- emergencies ---------------------------------------------------------------------------------------------
  function ids(attribute) {
    var holder = document.querySelector("[" + attribute + "]");
    return holder ? holder.getAttribute(attribute).split(" ").filter(Boolean) : [];
  }
  function urgentIds() { return ids("data-emergencies"); }
  function otherIds() {
    return Array.from(document.querySelectorAll(".waiting .task h2")).map(function (node) { return node.id; });
  }

  function lookAtTasks() {
    if (!document.querySelector("[data-emergencies]")) { return; } // not fetched yet
    var urgent = urgentIds();
    var others = otherIds();
    document.title = (urgent.length ? "【紧急 " + urgent.length + "】" : "") + title;
    if (known !== null) {
      if (urgent.some(function (id) { return known.indexOf(id) < 0; })) { ring(true); }
      else if (others.some(function (id) { return waiting.indexOf(id) < 0; })) { ring(false); }
    }
    known = urgent;
    waiting = others;
    showUp();
  }

  // Whoever has scrolled down to the orders still sees that somebody is in danger.
  var up = document.getElementById("up");
  function showUp() {
    var box = document.querySelector(".emergencies");
    if (!up) { return; }
    up.hidden = !box || box.getBoundingClientRect().bottom > 60;
    up.textContent = up.dataset.words.replace("{n}", String(urgentIds().length));
  }
  document.addEventListener("scroll", showUp, { passive: true });

  lookAtTasks();
  setInterval(function () { if (urgentIds().length) { ring(true); } }, REPEAT_MS);

  // ---- nothing typed is lost, nobody's place is lost -------------------------------------------------------------
  function fields(within) { return within.querySelectorAll("input[id], textarea[id], select[id]"); }

  var OWN_MS = 5000; // for so long after a form was answered, what the live line tells of that order is one's own doing
  var answered = 0;
  function isOwn() { return Date.now() - answered < OWN_MS || document.querySelector("form.htmx-request") !== null; }

  function keep(target, sender) {
    typed = { values: {}, open: [], focus: document.activeElement && document.activeElement.id };
    var fetched = target.id === "order" && sender && !sender.matches("form");
    typed.notice = fetched && isOwn() ? target.querySelector(".notice:not(.masked)") : null;
    fields(target).forEach(function (field) {
      var sent = sender && sender.matches("form") && sender.contains(field);
      if (sent || field.type === "file") { return; } // a chosen file stays in the page by itself (hx-preserve)
      if (field.type === "checkbox" || field.type === "radio") { typed.values[field.id] = field.checked; }
      else if (field.value) { typed.values[field.id] = field.value; }
    });
    target.querySelectorAll("details[id]").forEach(function (part) {
      if (part.open && !(sender && part.contains(sender))) { typed.open.push(part.id); }
    });
  }

  function giveBack(target) {
    var within = document.getElementById(target.id) || target;
    fields(within).forEach(function (field) {
      if (!typed.values || typed.values[field.id] === undefined || field.type === "file") { return; }
      if (typeof typed.values[field.id] === "boolean") { field.checked = typed.values[field.id]; }
      else { field.value = typed.values[field.id]; }
    });
    within.querySelectorAll("details[id]").forEach(function (part) {
      if (typed.open && typed.open.indexOf(part.id) >= 0) { part.open = true; }
    });
    if (typed.focus) {
      var again = document.getElementById(typed.focus);
      if (again && document.activeElement !== again) { again.focus({ preventScroll: true }); }
    }
    var head = within.querySelector(".order-head");
    if (typed.notice && head && !within.querySelector(".notice:not(.masked)")) { head.after(typed.notice); }
    if (within.id === "tasks" || within.id === "alarm") { lookAtTasks(); }
    // A list is fetched again a moment later: what was said about a form stays to be read.
    var told = within.querySelector(".notice");
    if (told && within.id !== "order") { say(told.textContent.trim()); }
  }

  document.addEventListener("htmx:beforeSwap", function (event) {
    keep(event.detail.target, event.detail.requestConfig && event.detail.requestConfig.elt);
  });
  document.addEventListener("htmx:afterSwap", function (event) {
    var asked = event.detail.requestConfig;
    if (asked && asked.elt.matches("form")) { answered = Date.now(); }
    if (event.detail.target) { giveBack(event.detail.target); } // without: a list that came along the live line
  });
  document.addEventListener("htmx:sseBeforeMessage", function (event) { keep(event.target, null); });
  document.addEventListener("htmx:sseMessage", function (event) {
    if (event.target.hasAttribute("sse-swap")) { giveBack(event.target); }
  });

  document.addEventListener("sse:order", function () { if (!isOwn()) { say("这一单刚刚有新变化，已经更新到最新。", 6000); } });

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-submit]")) { event.target.form.requestSubmit(); }
  });

  // ---- the live line ---------------------------------------------------------------------------------------------
  var live = document.getElementById("live");
  function showLive(on) {
    live.hidden = false;
    live.classList.toggle("off", !on);
    var text = live.querySelector("span");
    var words = on ? live.dataset.on : live.dataset.off;
    if (text.textContent !== words) { text.textContent = words; }
  }
  document.addEventListener("htmx:sseOpen", function () { showLive(true); });
  document.addEventListener("htmx:sseError", function () { showLive(false); });
  window.addEventListener("offline", function () { showLive(false); });

  document.addEventListener("htmx:sendError", function (event) {
    if (event.detail.requestConfig.verb !== "get") { say(toast.dataset.offline, 15000); }
  });
  document.addEventListener("htmx:responseError", function (event) {
    if (event.detail.requestConfig.verb === "get") { return; }
    say(event.detail.xhr.status === 403 ? toast.dataset.expired : toast.dataset.broken, 15000);
  });
})();
