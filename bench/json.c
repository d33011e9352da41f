/* json.c: see json.h. */
#include "bench/json.h"

#include <stdio.h>
#include <string.h>

bool json_leaves_table(const char *path)
{
  return !path || strcmp(path, "-") != 0;
}

static bool write_text(const char *text, const char *path)
{
  FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
  bool is_written = text && f && fputs(text, f) >= 0 && fputs("\n", f) >= 0;
  if (f && f != stdout)
    is_written = fclose(f) == 0 && is_written;
  return is_written;
}

bool json_end(cJSON *all, const char *path, const char *program)
{
  bool is_written = true;
  if (path) {
    char *text = cJSON_Print(all);
    is_written = write_text(text, path);
    cJSON_free(text);
  }
  if (!is_written)
    fprintf(stderr, "%s: cannot write %s\n", program, path);
  cJSON_Delete(all);
  return is_written;
}
