// The elder's page: sends without reloading, reads replies aloud, listens where the browser can, and never sends twice.
// Without this script every button still works as a plain form.
(function () {
  "use strict";
  var WAIT_MS = 15000;
  var chat = document.getElementById("chat");
  var answers = document.getElementById("answers");
  var orders = document.getElementById("orders");
  var offline = document.getElementById("offline");
  var textField = document.getElementById("text");
  var icons = document.body.dataset.icons;
  var sending = false;
  var words = {
    thinking: "暖线正在听…",
    failed: "刚才没发出去，可能网络不好。您的话还在，请再点一次。急事请直接打 120。",
    again: "再发一次",
    read: "读给我听",
    listening: "正在听…",
    speak: "说话",
    notHeard: "没听见您说话。请再点一次“说话”，或者打字告诉我。"
  };

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text) { made.textContent = text; }
    return made;
  }

  function icon(name) {
    var space = "http://www.w3.org/2000/svg";
    var picture = document.createElementNS(space, "svg");
    var use = document.createElementNS(space, "use");
    picture.setAttribute("class", "icon");
    picture.setAttribute("aria-hidden", "true");
    use.setAttribute("href", icons + "#" + name);
    picture.appendChild(use);
    return picture;
  }

  function bubble(who, text) {
    var made = element("div", "bubble fresh " + who);
    made.appendChild(element("p", "", text));
    chat.appendChild(made);
    return made;
  }

  // ---- sending -------------------------------------------------------------------------------------------------
  function setBusy(busy) {
    sending = busy;
    chat.setAttribute("aria-busy", busy ? "true" : "false");
    document.querySelectorAll("form[data-say] button").forEach(function (button) {
      // The emergency button is never taken away.
      if (!button.classList.contains("danger")) { button.disabled = busy; }
    });
  }

  function send(text, page, mine) {
    if (!text.trim()) { textField.focus(); return; }
    mine = mine || bubble("mine", text);
    mine.classList.add("waiting");
    var thinking = element("p", "thinking", words.thinking);
    chat.appendChild(thinking);
    reveal(thinking);
    setBusy(true);
    var stop = new AbortController();
    var timer = setTimeout(function () { stop.abort(); }, WAIT_MS);
    fetch("/say", {
      method: "POST",
      headers: { "X-Part": "turn" },
      body: new URLSearchParams({ text: text, page: page }),
      credentials: "same-origin",
      signal: stop.signal
    }).then(function (response) {
      var html = (response.headers.get("content-type") || "").indexOf("text/html") === 0;
      if (!html) { throw new Error("answer " + response.status); }
      return response.text().then(function (body) { thinking.remove(); show(body, response.ok); });
    }).catch(function () {
      thinking.remove();
      offerAgain(text, page, mine);
    }).finally(function () {
      clearTimeout(timer);
      mine.classList.remove("waiting");
      setBusy(false);
    });
  }

  function show(body, ok) {
    var part = new DOMParser().parseFromString(body, "text/html");
    var fresh = part.querySelector("[data-part=chat]");
    var first = null;
    Array.from(fresh.children).forEach(function (child) {
      child.classList.add("fresh");
      chat.appendChild(document.adoptNode(child));
      first = first || child;
    });
    replace(answers, part.querySelector("[data-part=answers]"));
    replace(orders, part.querySelector("[data-part=orders]"));
    if (ok) {
      var page = part.querySelector("[data-page-id]").dataset.pageId;
      document.querySelectorAll("[data-page]").forEach(function (field) { field.value = page; });
      offline.hidden = true;
    }
    prepareReading(first);
    if (first) { reveal(first); }
  }

  function replace(place, part) {
    if (!part || part.dataset.keep !== undefined) { return; }
    place.replaceChildren.apply(place, Array.from(part.childNodes).map(function (node) { return document.adoptNode(node); }));
  }

  // The newest words of the line come into sight, with what was said before them right under the bar on top.
  function reveal(node) {
    var before = node.previousElementSibling || node;
    if (getComputedStyle(chat).overflowY === "auto") {
      chat.scrollTop = before.offsetTop - chat.offsetTop - 8;
      return;
    }
    var bar = document.querySelector(".top").getBoundingClientRect().height;
    var top = before.getBoundingClientRect().top;
    var bottom = Math.max(answers.getBoundingClientRect().bottom, node.getBoundingClientRect().bottom);
    if (top < bar || bottom > window.innerHeight) { window.scrollBy({ top: top - bar - 12 }); }
  }

  function offerAgain(text, page, mine) {
    var note = element("div", "bubble line trouble fresh");
    note.setAttribute("role", "alert");
    note.appendChild(element("p", "", words.failed));
    var again = element("button", "send", words.again);
    again.type = "button";
    again.addEventListener("click", function () {
      if (sending) { return; }
      note.remove();
      send(text, page, mine); // the same page number: if the first one did arrive, this one changes nothing
    });
    note.appendChild(again);
    chat.appendChild(note);
    reveal(note);
    again.focus({ preventScroll: true });
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("form[data-say]")) { return; }
    event.preventDefault();
    var button = event.submitter;
    var urgent = button && button.classList.contains("danger");
    if (sending && !urgent) { return; }
    var typed = form.querySelector("input[name=text]");
    var text = typed ? typed.value : (button && button.value) || "";
    send(text, form.querySelector("[data-page]").value);
    if (typed) { typed.value = ""; }
  });

  // ---- size of the letters -------------------------------------------------------------------------------------
  document.addEventListener("submit", function (event) {
    if (!event.target.matches("form[data-sizes]") || !event.submitter) { return; }
    event.preventDefault();
    var size = event.submitter.value;
    document.documentElement.className = "size-" + size;
    event.target.querySelectorAll("button").forEach(function (button) {
      if (button.value === size) { button.setAttribute("aria-current", "true"); } else { button.removeAttribute("aria-current"); }
    });
    document.cookie = "nx_size=" + size + "; max-age=31536000; path=/; samesite=lax";
  });

  // ---- reading aloud -------------------------------------------------------------------------------------------
  var canRead = "speechSynthesis" in window && typeof window.SpeechSynthesisUtterance === "function";
  var autoRead = document.getElementById("auto-read");

  function read(node) {
    window.speechSynthesis.cancel();
    var text = Array.from(node.querySelectorAll("p")).map(function (p) { return p.textContent; }).join("");
    var said = new SpeechSynthesisUtterance(text);
    said.lang = "zh-CN";
    said.rate = Math.max(0.5, 0.9 - 0.12 * Number(node.dataset.pace || 0));
    window.speechSynthesis.speak(said);
  }

  function prepareReading(first) {
    if (!canRead) { return; }
    document.querySelectorAll("#chat > .bubble.line:not(.trouble):not(:has(.read))").forEach(function (node) {
      var button = element("button", "read");
      button.type = "button";
      button.appendChild(icon("speaker"));
      button.appendChild(element("span", "", words.read));
      button.addEventListener("click", function () { read(node); });
      node.appendChild(button);
    });
    if (first && first.matches("[data-speak]") && autoRead.getAttribute("aria-pressed") === "true") { read(first); }
  }

  if (canRead) {
    autoRead.hidden = false;
    autoRead.setAttribute("aria-pressed", localStorage.getItem("nx_read") === "1" ? "true" : "false");
    autoRead.addEventListener("click", function () {
      var on = autoRead.getAttribute("aria-pressed") !== "true";
      autoRead.setAttribute("aria-pressed", on ? "true" : "false");
      localStorage.setItem("nx_read", on ? "1" : "0");
      var lines = chat.querySelectorAll(".bubble.line");
      if (on && lines.length) { read(lines[lines.length - 1]); } else { window.speechSynthesis.cancel(); }
    });
    prepareReading(null);
  }

  // ---- listening, where the browser offers it ------------------------------------------------------------------
  var Recognition = window.SpeechRecognition || window.webkitSpeechRecognition;
  var mic = document.getElementById("mic");
  if (Recognition) {
    mic.hidden = false;
    var hearing = null;
    var label = mic.querySelector("span");
    var rest = function () { hearing = null; mic.setAttribute("aria-pressed", "false"); label.textContent = words.speak; };
    mic.addEventListener("click", function () {
      if (hearing) { hearing.stop(); return; }
      if (canRead) { window.speechSynthesis.cancel(); } // it must not listen to itself
      hearing = new Recognition();
      hearing.lang = "zh-CN";
      hearing.interimResults = true;
      hearing.onresult = function (event) {
        textField.value = Array.from(event.results).map(function (result) { return result[0].transcript; }).join("");
        if (event.results[event.results.length - 1].isFinal) { textField.form.requestSubmit(); }
      };
      hearing.onerror = function () { prepareReading(bubble("line trouble", words.notHeard)); };
      hearing.onend = rest;
      mic.setAttribute("aria-pressed", "true");
      label.textContent = words.listening;
      hearing.start();
    });
  }

  // ---- no network ----------------------------------------------------------------------------------------------
  window.addEventListener("offline", function () { offline.hidden = false; });
  window.addEventListener("online", function () { offline.hidden = true; });
  if (chat.querySelectorAll(".mine").length) { reveal(chat.lastElementChild); }
})();
