"use strict";
// Columns of numbers and of names can be sorted; without scripts rows stand as they were made.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  if (!body || body.rows.length < 3) continue;
  const cells = (column) => [...body.rows].map((row) => row.cells[column]);
  const value = (cell) => (cell.dataset.value ? Number(cell.dataset.value) : Infinity);
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const numbers = cells(column).every((cell) => cell.dataset.value || cell.textContent.trim() === "-");
    if (column > 0 && !numbers) return;
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      const order = numbers && column > 0
        ? (one, other) => sign * (value(one.cells[column]) - value(other.cells[column]))
        : (one, other) => sign * one.cells[column].textContent.localeCompare(other.cells[column].textContent, "en", { numeric: true });
      body.append(...[...body.rows].sort(order));
    });
  });
}
