// Imported before anything else, and written so that even very old versions of Node can parse it.
const required = [20, 19];
const actual = process.versions.node.split(".").map(Number);

if (actual[0] < required[0] || (actual[0] === required[0] && actual[1] < required[1])) {
  console.error("Piecewise needs Node " + required.join(".") + " or newer, but this is " + process.version + " (" + process.execPath + "): install a newer one from https://nodejs.org and try again.");
  process.exit(1);
}
