/* plain.c: runs the tests of plain/criterion.h one after the other. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

static plain_test *first;
static const plain_test *running;
static size_t failures;

void plain_add(plain_test *test)
{
  test->next = first;
  first = test;
}

void plain_check(bool holds, bool is_needed, const char *where, const char *format, ...)
{
  if (holds)
    return;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "%s::%s: %s: ", running->suite, running->name, where);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  failures++;
  if (is_needed)
    exit(1);
}

int main(void)
{
  size_t tests = 0;
  for (running = first; running; running = running->next, tests++) {
    if (running->options.init)
      running->options.init();
    running->run();
    if (running->options.fini)
      running->options.fini();
  }
  printf("%zu tests, %zu failures\n", tests, failures);
  return failures > 0;
}
