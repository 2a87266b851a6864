"use strict";
// Tables sort by a press on a column's head; members without a figure always come last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("number");
      const now = head.getAttribute("aria-sort");
      const order = now ? (now === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const key = (row) => (numeric ? row.cells[column].dataset.sort : row.cells[column].textContent);
      const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
      rows.sort(([a], [b]) =>
        numeric ? (a === "") - (b === "") || sign * (a - b) : sign * a.localeCompare(b, "en", { numeric: true }));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}
// A member under the pointer stands out among the lines.
for (const chart of document.querySelectorAll("figure.chart")) {
  const light = (key) => {
    chart.classList.toggle("chosen", key !== undefined);
    for (const part of chart.querySelectorAll("[data-key]")) part.classList.toggle("lit", part.dataset.key === key);
  };
  chart.addEventListener("pointerover", (event) => light(event.target.closest("[data-key]")?.dataset.key));
  chart.addEventListener("pointerleave", () => light());
}
