// Reads calendar files with ical.js, strictly, and prints one JSON object a file: node read_calendars.mjs TOOLS FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [tools, ...files] = process.argv.slice(2);
const found = createRequire(`${tools}/package.json`).resolve("ical.js");
const ICAL = (await import(pathToFileURL(found))).default;
ICAL.design.strict = true;

const moment = (time) => {
  if (!time) return "";
  return time.isDate ? time.toString() : time.convertToZone(ICAL.Timezone.utcTimezone).toJSDate().toISOString();
};

for (const file of files) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(file, "utf8")));
  for (const zone of calendar.getAllSubcomponents("vtimezone")) {
    ICAL.TimezoneService.reset();
    ICAL.TimezoneService.register(new ICAL.Timezone(zone));
  }
  const [component, ...others] = calendar.getAllSubcomponents("vevent");
  const event = new ICAL.Event(component, { strictExceptions: true });
  console.log(
    JSON.stringify({
      method: calendar.getFirstPropertyValue("method"),
      uid: event.uid,
      summary: event.summary,
      location: event.location ?? "",
      description: event.description ?? "",
      status: component.getFirstPropertyValue("status"),
      url: component.getFirstPropertyValue("url") ?? "",
      sequence: event.sequence,
      start: moment(event.startDate),
      end: component.hasProperty("dtend") ? moment(event.endDate) : "",
      others: others.length,
    }),
  );
}
