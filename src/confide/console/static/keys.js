// Keys press what carries them (data-key); a selection in the sample's text becomes two numbers of a form.
"use strict";

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  wanted.click();
});

// After a swap the new item has the focus, so that the next key and a screen reader begin there.
addEventListener("htmx:afterSettle", () => {
  document.querySelector("#work [data-focus]")?.focus({ preventScroll: true });
  const at = document.querySelector("#work input[name=at]"), kept = document.getElementById("language-at");
  if (at && kept) kept.value = at.value;
});

// The text of the sample can be walked through like a text field, and not be changed.
for (const kind of ["beforeinput", "paste", "drop", "cut"]) {
  addEventListener(kind, (event) => { if (event.target.closest?.("#text")) event.preventDefault(); });
}

const points = (range) => [...range.toString()].length; // code points, as the server counts

document.addEventListener("selectionchange", () => {
  const text = document.getElementById("text"), selection = getSelection();
  if (!text || !selection.rangeCount || selection.isCollapsed) return;
  const range = selection.getRangeAt(0);
  if (!text.contains(range.startContainer) || !text.contains(range.endContainer)) return;
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(range.startContainer, range.startOffset);
  document.getElementById("start").value = points(before);
  document.getElementById("end").value = points(before) + points(range);
});
