/* rows.c: the table and the JSON of bench_engine. */
#include "bench/rows.h"

#include <stdio.h>

#include "bench/json.h"

static const char *path;
static cJSON *all, *rows;

void rows_begin(const char *peer, const char *json)
{
  path = json;
  all = cJSON_CreateObject();
  cJSON_AddStringToObject(all, "program", "bench_engine");
  cJSON_AddStringToObject(all, "peer", peer ? peer : "");
  rows = cJSON_AddArrayToObject(all, "results");
  if (!json_leaves_table(path))
    return;
  if (peer)
    printf("beside %s\n", peer);
  printf("%-46s %3s %10s %10s %10s %10s %6s", "", "thr", "median", "least", "most", "limit", "");
  printf(peer ? " %11s %7s\n" : "\n", "peer", "x ours");
}

static void print_figure(const figure *f)
{
  char threads[16] = "";
  if (f->threads)
    snprintf(threads, sizeof threads, "%d", f->threads);
  printf("%-46s %3s %10.3f %10.3f %10.3f ", f->what, threads, f->ours, f->least, f->most);
  if (f->limit > 0)
    printf("%10.3f %-6s", f->limit, f->ours <= f->limit ? "" : "MISSED");
  else
    printf("%10s %-6s", "", "");
  if (f->peer > 0)
    printf(" %11.3f %7.2f", f->peer, f->peer / f->ours);
  printf(" %s\n", f->unit);
  fflush(stdout);
}

void rows_add(const figure *f)
{
  if (json_leaves_table(path))
    print_figure(f);
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "what", f->what);
  cJSON_AddStringToObject(o, "unit", f->unit);
  cJSON_AddNumberToObject(o, "threads", f->threads);
  cJSON_AddNumberToObject(o, "median", f->ours);
  cJSON_AddNumberToObject(o, "least", f->least);
  cJSON_AddNumberToObject(o, "largest", f->most);
  if (f->limit > 0)
    cJSON_AddNumberToObject(o, "limit", f->limit);
  if (f->peer > 0)
    cJSON_AddNumberToObject(o, "peer", f->peer);
  cJSON_AddItemToArray(rows, o);
}

bool rows_end(void)
{
  return json_end(all, path, "bench_engine");
}
