// Reads every *.eml in a folder with postal-mime; prints one JSON object per mail and line.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, folder] = process.argv.slice(2);
const entry = createRequire(join(tools, "package.json")).resolve("postal-mime");
const module = await import(pathToFileURL(entry));
const PostalMime = module.default.default ?? module.default;

for (const file of readdirSync(folder).filter((name) => name.endsWith(".eml")).sort()) {
  const mail = await PostalMime.parse(readFileSync(join(folder, file)));
  const header = (name) => mail.headers.find((item) => item.key === name)?.value;
  const found = {
    file: file.replace(/\.eml$/, ""),
    subject: mail.subject,
    name: mail.to[0].name,
    address: mail.to[0].address,
    list_id: header("list-id"),
    list_unsubscribe: header("list-unsubscribe"),
    "text/plain": mail.text,
    "text/html": mail.html,
  };
  process.stdout.write(JSON.stringify(found) + "\n");
}
