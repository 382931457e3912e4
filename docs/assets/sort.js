// A click on a heading of a table sorts its rows by that column, a second click turns them around.
const number = (text) => parseFloat(text.replace(/,/g, "").replace(/^.*? (?=[-\d.]+$)/, ""));

function sortable(table) {
  table.querySelectorAll("thead th").forEach((head, column) => {
    let up = false;
    head.classList.add("sortable");
    head.addEventListener("click", () => {
      up = !up;
      const rows = [...table.tBodies[0].rows];
      const cell = (row) => row.cells[column].textContent.trim();
      rows.sort((a, b) => {
        const [x, y] = [number(cell(a)), number(cell(b))];
        const order = isNaN(x) || isNaN(y) ? cell(a).localeCompare(cell(b)) : x - y;
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const long = (table) => table.tBodies[0] && table.tBodies[0].rows.length > 4;
  [...document.querySelectorAll(".md-typeset table")].filter(long).forEach(sortable);
});
