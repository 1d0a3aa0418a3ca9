// Pooled nodemailer, each message built from its text and HTML, as its documentation says to send newsletters.
//
//     node nodemailer.mjs PORT MESSAGES CONNECTIONS PARTS.json
//
// PARTS.json holds { text, html } with {{name}} and {{link}} in them. Prints {"messages", "seconds", "cpu"}.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const require = createRequire(path.join(process.env.NODE_FOLDER, 'package.json'));
const nodemailer = require('nodemailer');
const [port, messages, connections] = process.argv.slice(2, 5).map(Number);
const parts = JSON.parse(readFileSync(process.argv[5], 'utf8'));
const names = ['Jan Jansen', 'Daniëlle de Groot', 'M. van den Berg', 'Petra Smit'];

const transport = nodemailer.createTransport({
  host: '127.0.0.1', port, secure: false, ignoreTLS: true, pool: true,
  maxConnections: connections, maxMessages: Infinity,
});
const filled = (text, name, link) => text.replaceAll('{{name}}', name).replaceAll('{{link}}', link);

let next = 0;
let sent = 0;
let last = 0;
async function worker() {
  while (next < last) {
    const number = next++;
    const name = names[number % names.length];
    const link = `https://nieuws.example.org/u/${'k'.repeat(40)}${String(number).padStart(8, '0')}`;
    await transport.sendMail({
      from: 'Programma Voorbeeld <nieuwsbrief@example.org>',
      to: { name, address: `persoon${number}@gemeente.example` },
      subject: 'Zomereditie: één nieuwe subsidieronde',
      headers: { 'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', 'List-Unsubscribe': `<${link}>` },
      text: filled(parts.text, name, link),
      html: filled(parts.html, name, link),
      encoding: 'quoted-printable',
    });
    sent++;
  }
}

async function send(number) {
  next = sent = 0;
  last = number;
  await Promise.all(Array.from({ length: connections * 2 }, worker));
}

// With its connections open and its functions compiled, as in a long run.
await send(Math.min(messages, 200));
const usage = process.cpuUsage();
const start = process.hrtime.bigint();
await send(messages);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const used = process.cpuUsage(usage);
transport.close();
console.log(JSON.stringify({ messages: sent, seconds, cpu: (used.user + used.system) / 1e6 }));
