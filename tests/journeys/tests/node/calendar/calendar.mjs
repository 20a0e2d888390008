// A calendar file as Mozilla's `ical.js` reads it: stdin in, JSON of its events out.
import ICAL from 'ical.js';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const calendar = new ICAL.Component(ICAL.parse(Buffer.concat(chunks).toString('utf8')));
const text = (component, name) => component.getFirstPropertyValue(name)?.toString() ?? null;
const events = calendar.getAllSubcomponents('vevent').map((component) => {
  const event = new ICAL.Event(component);
  return {
    uid: event.uid, summary: event.summary, description: event.description, stamp: text(component, 'dtstamp'),
    start: event.startDate.toString(), all_day: event.startDate.isDate, end: event.endDate.toString(),
    alarms: component.getAllSubcomponents('valarm').map((alarm) => {
      const at = event.startDate.clone();
      at.isDate = false;
      at.addDuration(alarm.getFirstPropertyValue('trigger'));
      return { action: text(alarm, 'action'), at: at.toString() };
    }),
  };
});
console.log(JSON.stringify({ version: text(calendar, 'version'), prodid: text(calendar, 'prodid'), events }));
