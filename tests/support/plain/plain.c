/* plain.c: runs the tests of plain/criterion.h one after the other, leaving out the suites
 * that its arguments name. */
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

static plain_test *first;
static const plain_test *running;
static struct suite {
  const char *name;
  const struct plain_options *options;
} suites[16];
static size_t n_suites;
static size_t failures;

void plain_add(plain_test *test)
{
  test->next = first;
  first = test;
}

void plain_suite(const char *suite, const struct plain_options *options)
{
  if (n_suites == sizeof suites / sizeof *suites)
    abort();
  suites[n_suites++] = (struct suite){suite, options};
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

static void call(void (*own)(void), void (*of_suite)(void))
{
  if (of_suite)
    of_suite();
  if (own)
    own();
}

static void run_test(void)
{
  struct plain_options all = {0};
  for (size_t i = 0; i < n_suites; i++)
    all = strcmp(suites[i].name, running->suite) == 0 ? *suites[i].options : all;
  call(running->options.init, all.init);
  running->run();
  call(running->options.fini, all.fini);
}

static bool is_left_out(const char *suite, char **left_out)
{
  while (*left_out && strcmp(suite, *left_out) != 0)
    left_out++;
  return *left_out != NULL;
}

int main(int argc, char **argv)
{
  size_t tests = 0;
  for (running = first; running; running = running->next) {
    if (argc > 0 && is_left_out(running->suite, argv + 1))
      continue;
    run_test();
    tests++;
  }
  printf("%zu tests, %zu failures\n", tests, failures);
  return failures > 0;
}
