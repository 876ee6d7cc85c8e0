// Reads each description that is named, and says what AsyncAPI's own parser has to say against it.
const { Parser } = require("@asyncapi/parser");
const { readFileSync } = require("node:fs");

const check = async (parser, file) => {
  const { document, diagnostics } = await parser.parse(readFileSync(file, "utf8"));
  const wrong = diagnostics.filter((one) => one.severity === 0).map((one) => `${one.path.join(".")}: ${one.message}`);
  return { file, wrong, channels: document ? document.allChannels().all().length : 0 };
};

const main = async () => {
  const parser = new Parser();
  const found = [];
  for (const file of process.argv.slice(2)) found.push(await check(parser, file));
  console.log(JSON.stringify(found));
};

main();
