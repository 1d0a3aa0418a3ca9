/* Reads calendar files with libical and prints, for each file named, one JSON object on a line.
   Built by tests/support/calendars.py: cc read_calendar.c -lical */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) exit(2);
    char *text = calloc(1, 1 << 20);
    if (fread(text, 1, (1 << 20) - 1, file) == 0) exit(2);
    fclose(file);
    return text;
}

static void string(const char *name, const char *text)
{
    printf("\"%s\": \"", name);
    for (; text && *text; text++) {
        if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else if ((unsigned char)*text < 32) printf("\\u%04x", *text);
        else putchar(*text);
    }
    printf("\", ");
}

static const char *first(icalcomponent *component, icalproperty_kind kind)
{
    icalproperty *property = icalcomponent_get_first_property(component, kind);
    icalvalue *value = property ? icalproperty_get_value(property) : NULL;
    if (!value) return "";
    return icalvalue_isa(value) == ICAL_TEXT_VALUE ? icalvalue_get_text(value) : icalvalue_as_ical_string(value);
}

static void moment(const char *name, struct icaltimetype time)
{
    char text[40] = "";
    if (time.is_date && !icaltime_is_null_time(time))
        snprintf(text, sizeof text, "%04d-%02d-%02d", time.year, time.month, time.day);
    else if (!icaltime_is_null_time(time)) {
        time = icaltime_convert_to_zone(time, icaltimezone_get_utc_timezone());
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d+00:00", time.year, time.month, time.day,
                 time.hour, time.minute, time.second);
    }
    string(name, text);
}

int main(int count, char **paths)
{
    for (int index = 1; index < count; index++) {
        icalcomponent *calendar = icalparser_parse_string(contents(paths[index]));
        if (!calendar) {
            printf("{\"errors\": -1}\n");
            continue;
        }
        int is_valid = icalrestriction_check(calendar);
        icalcomponent *event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT);
        printf("{");
        string("method", first(calendar, ICAL_METHOD_PROPERTY));
        string("uid", first(event, ICAL_UID_PROPERTY));
        string("summary", first(event, ICAL_SUMMARY_PROPERTY));
        string("location", first(event, ICAL_LOCATION_PROPERTY));
        string("description", first(event, ICAL_DESCRIPTION_PROPERTY));
        string("status", first(event, ICAL_STATUS_PROPERTY));
        moment("start", icalcomponent_get_dtstart(event));
        printf("\"has_end\": %s, ",
               icalcomponent_get_first_property(event, ICAL_DTEND_PROPERTY) ? "true" : "false");
        moment("end", icalcomponent_get_dtend(event));
        printf("\"sequence\": %d, \"events\": %d, ", icalcomponent_get_sequence(event),
               icalcomponent_count_components(calendar, ICAL_VEVENT_COMPONENT));
        printf("\"is_valid\": %s, \"errors\": %d}\n", is_valid ? "true" : "false",
               icalcomponent_count_errors(calendar));
    }
    return 0;
}
