// The phone of the sandbox: sends what is typed, shows what the line answered. Every page load is a new person.
"use strict";
const talk = document.getElementById("talk");
const menu = document.getElementById("menu");
const trouble = document.getElementById("trouble");
const ask = document.getElementById("ask");
const LOOK_EVERY_MS = 1500;
const STARTERS = ["我要订饭", "给我妈打扫一下屋子", "护理补贴一个月多少钱"];
const newPerson = () => 100000 + crypto.getRandomValues(new Uint32Array(1))[0];
const talks = { wechat: newTalk(), telegram: newTalk(), wecom: newTalk() };
let platform = "wechat";

function newTalk() { return { person: newPerson(), entries: [], seen: 0 }; }

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text) made.textContent = text;
  return made;
}

function row(entry) {
  const made = element("div", entry.mine ? "row mine" : "row");
  const face = element("span", "face", entry.mine ? "我" : "暖");
  face.setAttribute("aria-hidden", "true");
  const bubble = element("div", entry.sound ? "bubble sound" : "bubble", entry.text);
  if (entry.picture) {
    const image = document.createElement("img");
    image.src = entry.picture;
    image.alt = entry.text || "照片";
    image.addEventListener("load", toTheEnd);
    bubble.replaceChildren(image);
    bubble.classList.add("picture");
  }
  made.append(face, bubble);
  return made;
}

function draw() {
  const { entries } = talks[platform];
  talk.replaceChildren(...entries.map(row));
  const last = entries.at(-1);
  if (last && last.buttons && last.buttons.length) talk.append(answers(last.buttons));
  if (!entries.length && platform !== "wecom") talk.append(starters());
  toTheEnd();
}

function toTheEnd() { talk.scrollTop = talk.scrollHeight; }

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

function starters() {
  const made = element("div", "starters", "比如说：");
  made.append(answers(STARTERS.map((said) => ({ act: "say", value: said, label: said }))));
  return made;
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
  talks[platform].entries.push({ mine: true, text: shown, sound: kind === "voice" });
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

function whenChosen(id, path, entry) {
  document.getElementById(id).addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    talks[platform].entries.push({ mine: true, text: file.name, ...await entry(file) });
    event.target.value = "";
    draw();
    send(`${path}/${talks[platform].person}`, file, file.type || "application/octet-stream");
  });
}

const asDataUrl = (file) => new Promise((done) => {
  const reader = new FileReader();
  reader.addEventListener("load", () => done(reader.result));
  reader.readAsDataURL(file);
});

whenChosen("picture", "picture", async (file) => ({ picture: await asDataUrl(file) }));
whenChosen("voice", "sound", () => ({ sound: true }));

for (const button of document.querySelectorAll("[data-ask]")) {
  button.addEventListener("click", () => {
    ask.querySelector("span").textContent = button.dataset.question;
    ask.querySelector("input").value = button.dataset.example;
    ask.returnValue = "";
    ask.addEventListener("close", () => {
      const value = ask.querySelector("input").value.trim();
      if (ask.returnValue === "send" && value) act(button.dataset.ask, value, value);
    }, { once: true });
    ask.showModal();
  });
}

function choose(name) {
  platform = name;
  document.body.dataset.platform = name;
  for (const button of document.querySelectorAll("[data-switch]")) button.setAttribute("aria-pressed", String(button.dataset.switch === name));
  for (const tool of document.querySelectorAll("[data-only]")) tool.hidden = tool.dataset.only !== name;
  for (const tool of document.querySelectorAll("[data-not]")) tool.hidden = tool.dataset.not === name;
  draw();
  look();
}

for (const button of document.querySelectorAll("[data-switch]")) button.addEventListener("click", () => choose(button.dataset.switch));
choose(platform);
window.setInterval(() => { look().catch(() => { trouble.hidden = false; }); }, LOOK_EVERY_MS);
