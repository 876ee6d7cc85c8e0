// Makes the page send requests and filter its contents. Without it the page is complete, only still.
"use strict";

const token = document.getElementById("token");
const filter = document.getElementById("filter");
document.querySelectorAll(".try, .token").forEach((part) => { part.hidden = false; });

function request(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  for (const field of form.querySelectorAll("input")) {
    const value = field.value.trim();
    if (field.dataset.in === "path") path = path.replace(`{${field.name}}`, encodeURIComponent(value));
    else if (value && field.dataset.in === "query") query.set(field.name, value);
    else if (value) headers[field.name] = value;
  }
  const body = form.elements.body ? form.elements.body.value : undefined;
  if (body) headers["Content-Type"] = "application/json";
  if (token && token.value.trim()) headers.Authorization = `Bearer ${token.value.trim()}`;
  const search = query.toString();
  return [search ? `${path}?${search}` : path, { method: form.dataset.method.toUpperCase(), headers, body: body || undefined }];
}

function shown(text, type) {
  if (!/json/.test(type)) return text;
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

async function send(form) {
  const output = form.querySelector("output");
  const [path, options] = request(form);
  output.textContent = "…";
  const began = performance.now();
  try {
    const answer = await fetch(path, options);
    const type = answer.headers.get("content-type") || "";
    const text = /pdf/.test(type) ? `${(await answer.arrayBuffer()).byteLength} bytes` : await answer.text();
    const told = ["x-request-id", "location", "retry-after", "idempotent-replayed"]
      .filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
    const first = `${answer.status} ${answer.statusText} · ${Math.round(performance.now() - began)} ms`;
    output.textContent = [`${options.method} ${path}`, first, ...told, "", shown(text, type)].join("\n");
    if (token && answer.ok && path.endsWith("/auth/login")) token.value = JSON.parse(text).accessToken || token.value;
  } catch (error) {
    output.textContent = `No answer: ${error.message}`;
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target);
});

if (filter) {
  filter.hidden = false;
  filter.addEventListener("input", () => {
    const sought = filter.value.trim().toLowerCase();
    for (const item of document.querySelectorAll("nav li")) item.hidden = !item.textContent.toLowerCase().includes(sought);
  });
}
