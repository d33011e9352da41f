/* report.c: the table and the JSON of bench_ops and bench_compare. */
#include <stdio.h>
#include <string.h>

#include "bench/json.h"
#include "bench/suite.h"

static bool has_table(const suite *s)
{
  return json_leaves_table(s->json);
}

void print_head(const suite *s)
{
  if (!has_table(s))
    return;
  if (s->peer)
    printf("beside %s\n", s->peer->name);
  printf("%-22s %-8s %9s %3s %-6s %11s %11s %6s %8s %6s %8s %7s", "operator", "type", "size", "thr",
         "isa", "median us", "least us", "spread", "ns/elem", "GB/s", "x memcpy", "x best");
  printf(s->peer ? " %11s %8s\n" : "\n", "peer us", "x ours");
}

/* The fastest of the copies. */
static double best_copy(const row *r)
{
  return r->streaming && r->streaming->median < r->copy.median ? r->streaming->median
                                                               : r->copy.median;
}

static void print_table_row(const row *r, const char *name)
{
  printf("%-22s %-8s %9zu %3d %-6s %11.3f %11.3f %5.0f%% %8.3f %6.1f %8.2f %7.2f", name,
         onnxrun_dtype_name(r->type), r->size, r->threads, r->isa, 1e6 * r->ours.median,
         1e6 * r->ours.least, 100 * (r->ours.largest - r->ours.least) / r->ours.median,
         1e9 * r->ours.median / (double)r->size, 1e-9 * (double)r->moved / r->ours.median,
         r->ours.median / r->copy.median, r->ours.median / best_copy(r));
  if (r->peers)
    printf(" %11.3f %8.2f", 1e6 * r->peers->median, r->peers->median / r->ours.median);
  printf("\n");
  fflush(stdout);
}

static void add_summary(cJSON *object, const char *name, const summary *s)
{
  cJSON *o = s ? cJSON_AddObjectToObject(object, name) : NULL;
  if (!s)
    return;
  cJSON_AddNumberToObject(o, "median", 1e6 * s->median);
  cJSON_AddNumberToObject(o, "least", 1e6 * s->least);
  cJSON_AddNumberToObject(o, "largest", 1e6 * s->largest);
}

static void add_json_row(cJSON *rows, const row *r)
{
  cJSON *o = cJSON_CreateObject();
  cJSON_AddStringToObject(o, "operator", r->c->op);
  cJSON_AddStringToObject(o, "form", r->c->form);
  cJSON_AddStringToObject(o, "attributes", r->attributes);
  cJSON_AddStringToObject(o, "type", onnxrun_dtype_name(r->type));
  cJSON_AddNumberToObject(o, "size", (double)r->size);
  cJSON_AddNumberToObject(o, "threads", r->threads);
  cJSON_AddStringToObject(o, "isa", r->isa);
  cJSON_AddNumberToObject(o, "turns", (double)r->turns);
  add_summary(o, "microseconds", &r->ours);
  add_summary(o, "memcpy_microseconds", &r->copy);
  add_summary(o, "streaming_microseconds", r->streaming);
  add_summary(o, "peer_microseconds", r->peers);
  cJSON_AddNumberToObject(o, "ns_per_element", 1e9 * r->ours.median / (double)r->size);
  cJSON_AddNumberToObject(o, "gb_per_second", 1e-9 * (double)r->moved / r->ours.median);
  cJSON_AddNumberToObject(o, "times_memcpy", r->ours.median / r->copy.median);
  cJSON_AddNumberToObject(o, "times_best_copy", r->ours.median / best_copy(r));
  if (r->peers)
    cJSON_AddNumberToObject(o, "peer_times_ours", r->peers->median / r->ours.median);
  cJSON_AddItemToArray(rows, o);
}

void print_row(suite *s, const row *r)
{
  char name[64];
  snprintf(name, sizeof name, "%s%s%s%s%s", r->c->op, *r->c->form ? " " : "", r->c->form,
           *r->attributes ? " " : "", r->attributes);
  if (has_table(s))
    print_table_row(r, name);
  add_json_row(s->rows, r);
}

bool write_json(suite *s)
{
  cJSON *all = cJSON_CreateObject();
  cJSON_AddStringToObject(all, "program", s->program);
  cJSON_AddStringToObject(all, "peer", s->peer ? s->peer->name : "");
  cJSON_AddItemToObject(all, "results", s->rows);
  s->rows = NULL;
  return json_end(all, s->json, s->program);
}
