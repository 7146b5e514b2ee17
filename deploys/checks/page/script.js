"use strict";
const form = document.getElementById("filter");
const shown = document.getElementById("shown");

function matches(element, wanted) {
  const names = element.dataset.names.split("\n");
  const severities = element.dataset.severities.split(" ");
  return wanted.names.every((name) => names.includes(name))
    && (!wanted.severity || severities.includes(wanted.severity));
}

function filter() {
  const fields = new FormData(form);
  const wanted = {
    severity: fields.get("severity"),
    names: [fields.get("host"), fields.get("domain")].filter(Boolean),
  };
  const all = document.querySelectorAll("[data-names]");
  let count = 0;
  for (const element of all) {
    element.hidden = !matches(element, wanted);
    if (!element.hidden && element.matches("[data-counted]")) count += 1;
  }
  for (const row of document.querySelectorAll("tr[data-severity]")) {
    row.hidden = Boolean(wanted.severity) && row.dataset.severity !== wanted.severity;
  }
  const filtered = wanted.severity || wanted.names.length;
  shown.textContent = filtered ? `${count} shown` : "";
}

function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const done = () => { button.textContent = "Copied"; };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(source.textContent).then(done);
    return;
  }
  getSelection().selectAllChildren(source);
  if (document.execCommand("copy")) done();
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
