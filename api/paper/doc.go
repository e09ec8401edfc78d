// Package paper puts compliance reports on paper: JSON for programs, GeoJSON for
// maps, CSV and XLSX for spreadsheets, and an HTML page that prints on A4, with its
// drawings as SVG within it, no script and nothing from outside.
//
// Everything is a pure function of what is written, its format and the language: the
// same input gives the same bytes. Texts of the data are texts in every format; none
// is a formula to a spreadsheet or an element to a browser.
package paper
