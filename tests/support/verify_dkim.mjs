// Reads lines of {"message": base64, "records": {name: text}}; prints the verdicts of mailauth, one list per line.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [tools] = process.argv.slice(2);
const { dkimVerify } = createRequire(join(tools, "package.json"))("mailauth/lib/dkim/verify");

for await (const line of createInterface({ input: process.stdin })) {
  const { message, records } = JSON.parse(line);
  const resolver = async (name) => {
    if (!(name in records)) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    return [[records[name]]];
  };
  const { results } = await dkimVerify(Buffer.from(message, "base64"), { resolver });
  process.stdout.write(JSON.stringify(results.map(({ status }) => status.result)) + "\n");
}
