// The phone of the sandbox: sends what is typed, shows what the line answered. Every page load is a new person.
"use strict";
const phone = document.querySelector(".phone");
const talk = document.getElementById("talk");
const menu = document.getElementById("menu");
const trouble = document.getElementById("trouble");
const LOOK_EVERY_MS = 1500;
const newPerson = () => 100000 + crypto.getRandomValues(new Uint32Array(1))[0];
const talks = { wechat: newTalk(), telegram: newTalk(), wecom: newTalk() };
let platform = "wechat";

function newTalk() { return { person: newPerson(), entries: [], seen: 0, menu: "" }; }

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function draw() {
  const here = talks[platform];
  talk.replaceChildren();
  here.entries.forEach((entry, number) => {
    const bubble = element("div", entry.mine ? "bubble mine" : "bubble", entry.text);
    if (entry.picture) {
      const image = document.createElement("img");
      image.src = entry.picture;
      image.alt = entry.text;
      bubble.replaceChildren(image);
    }
    talk.append(bubble);
    const last = number === here.entries.length - 1;
    if (last && entry.buttons && entry.buttons.length) talk.append(answers(entry.buttons));
  });
  talk.scrollTop = talk.scrollHeight;
}

function answers(buttons) {
  const group = element("div", "answers");
  for (const button of buttons) {
    const made = element("button", "", button.label);
    made.type = "button";
    made.addEventListener("click", () => act(button.act, button.value, button.label));
    group.append(made);
  }
  return group;
}

function drawMenu(columns) {
  menu.replaceChildren();
  for (const column of columns) {
    const details = element("details", "");
    details.name = "menu";
    details.append(element("summary", "", column.name));
    const list = element("div", "");
    for (const leaf of column.sub_button) {
      const made = element("button", "", leaf.name);
      made.type = "button";
      made.addEventListener("click", () => { details.open = false; act("menu", leaf.key, leaf.name); });
      list.append(made);
    }
    details.append(list);
    menu.append(details);
  }
}

async function send(path, body, type) {
  trouble.hidden = true;
  try {
    const answer = await fetch(`/sandbox/${platform}/${path}`, { method: "POST", body, headers: { "Content-Type": type } });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    trouble.hidden = false;
  }
  await look();
}

function act(kind, value, shown) {
  talks[platform].entries.push({ mine: true, text: shown });
  draw();
  return send("do", JSON.stringify({ person: talks[platform].person, act: kind, value }), "application/json");
}

async function look() {
  const here = talks[platform], where = platform;
  const answer = await fetch(`/sandbox/${where}/messages/${here.person}`);
  if (!answer.ok) return;
  const news = await answer.json();
  const fresh = news.messages.slice(here.seen);
  here.seen += fresh.length;
  here.entries.push(...fresh);
  const columns = JSON.stringify(news.menu);
  if (where !== platform) return;
  if (columns !== menu.dataset.shown) { drawMenu(news.menu); menu.dataset.shown = columns; }
  if (fresh.length) draw();
}

document.getElementById("words").addEventListener("submit", (event) => {
  event.preventDefault();
  const input = event.target.elements.text, text = input.value.trim();
  if (!text) return;
  input.value = "";
  act("say", text, text);
});

document.getElementById("picture").addEventListener("change", (event) => {
  const file = event.target.files[0];
  if (!file) return;
  event.target.value = "";
  const reader = new FileReader();
  reader.addEventListener("load", () => {
    talks[platform].entries.push({ mine: true, text: file.name, picture: reader.result });
    draw();
  });
  reader.readAsDataURL(file);
  send(`picture/${talks[platform].person}`, file, file.type || "application/octet-stream");
});

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => {
    const value = window.prompt(button.dataset.question, button.dataset.example);
    if (value) act(button.dataset.ask, value, `【${button.textContent}】${value}`);
  });
}

function choose(name) {
  platform = name;
  phone.dataset.platform = name;
  for (const button of document.querySelectorAll("[data-switch]")) button.setAttribute("aria-pressed", String(button.dataset.switch === name));
  for (const tool of document.querySelectorAll("[data-only]")) tool.hidden = tool.dataset.only !== name;
  draw();
  look();
}

for (const button of document.querySelectorAll("[data-switch]")) button.addEventListener("click", () => choose(button.dataset.switch));
choose(platform);
window.setInterval(() => { look().catch(() => { trouble.hidden = false; }); }, LOOK_EVERY_MS);
