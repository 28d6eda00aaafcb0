/*
 * json.h - JSON documents on stdout, on jansson.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

/* Text of unknown origin: invalid UTF-8 becomes U+FFFD. NULL or "" is null. */
json_t *json_text(const char *text);
/* Seconds since the epoch as "2026-01-31T12:04:05Z"; 0 is null. */
json_t *json_time(int64_t s);
/* Sets a key; owns value. */
void json_put(json_t *object, const char *key, json_t *value);
/* Writes the document and a line break to stdout; owns it. Indented on a terminal. */
void json_print(json_t *document);
/* The same as a string that the caller owns. */
char *json_render(json_t *document);

#endif
