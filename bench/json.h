/* json.h: where the JSON of a benchmark goes. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Whether a table is printed too; `path` is what --json names: a file, "-" for the standard output
 * without a table, or NULL. */
bool json_leaves_table(const char *path);
/* Writes it, if there is a path, and deletes it. false after a message of the program's. */
bool json_end(cJSON *all, const char *path, const char *program);

#endif
