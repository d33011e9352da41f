/* criterion.h: as much of Criterion as the tests use, in one process. Criterion itself does not
 * start under ThreadSanitizer: it forks, and wants memory at addresses that the sanitizer keeps. */
#ifndef PLAIN_CRITERION_H
#define PLAIN_CRITERION_H

#pragma GCC system_header

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct plain_test {
  const char *suite, *name;
  void (*run)(void);
  struct plain_options {
    int unused;
    void (*init)(void);
    void (*fini)(void);
    double timeout;
  } options;
  struct plain_test *next;
} plain_test;

void plain_add(plain_test *test);
/* What every test of a suite has beside its own options. */
void plain_suite(const char *suite, const struct plain_options *options);
/* Counts a failure and says where and why; ends the program if the rest of the test needs it. */
void plain_check(bool holds, bool is_needed, const char *where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define Test(s, n, ...)                                                                            \
  static void s##_##n##_run(void);                                                                 \
  __attribute__((constructor)) static void s##_##n##_add(void)                                     \
  {                                                                                                \
    static plain_test test = {#s, #n, s##_##n##_run, {.unused = 0, ##__VA_ARGS__}, NULL};          \
    plain_add(&test);                                                                              \
  }                                                                                                \
  static void s##_##n##_run(void)

#define TestSuite(s, ...)                                                                          \
  __attribute__((constructor)) static void s##_suite(void)                                         \
  {                                                                                                \
    static const struct plain_options options = {.unused = 0, ##__VA_ARGS__};                      \
    plain_suite(#s, &options);                                                                     \
  }                                                                                                \
  struct s##_suite_

#define PLAIN_TEXT_(x) #x
#define PLAIN_TEXT(x) PLAIN_TEXT_(x)
#define PLAIN(condition, is_needed, ...)                                                           \
  plain_check((condition), is_needed, __FILE__ ":" PLAIN_TEXT(__LINE__) ": " #condition,           \
              "" __VA_ARGS__)

#define cr_assert(c, ...) PLAIN((c) != 0, true, __VA_ARGS__)
#define cr_assert_not(c, ...) PLAIN(!(c), true, __VA_ARGS__)
#define cr_assert_fail(...) PLAIN(false, true, __VA_ARGS__)
#define cr_assert_eq(a, b, ...) PLAIN((a) == (b), true, __VA_ARGS__)
#define cr_assert_neq(a, b, ...) PLAIN((a) != (b), true, __VA_ARGS__)
#define cr_assert_lt(a, b, ...) PLAIN((a) < (b), true, __VA_ARGS__)
#define cr_assert_gt(a, b, ...) PLAIN((a) > (b), true, __VA_ARGS__)
#define cr_assert_leq(a, b, ...) PLAIN((a) <= (b), true, __VA_ARGS__)
#define cr_assert_geq(a, b, ...) PLAIN((a) >= (b), true, __VA_ARGS__)
#define cr_assert_null(p, ...) PLAIN((p) == NULL, true, __VA_ARGS__)
#define cr_assert_not_null(p, ...) PLAIN((p) != NULL, true, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...) PLAIN(strcmp(a, b) == 0, true, __VA_ARGS__)
#define cr_assert_str_neq(a, b, ...) PLAIN(strcmp(a, b) != 0, true, __VA_ARGS__)
#define cr_assert_arr_eq(a, b, n, ...) PLAIN(memcmp(a, b, n) == 0, true, __VA_ARGS__)
#define cr_expect(c, ...) PLAIN((c) != 0, false, __VA_ARGS__)
#define cr_expect_eq(a, b, ...) PLAIN((a) == (b), false, __VA_ARGS__)
#define cr_expect_lt(a, b, ...) PLAIN((a) < (b), false, __VA_ARGS__)
#define cr_expect_gt(a, b, ...) PLAIN((a) > (b), false, __VA_ARGS__)
#define cr_expect_leq(a, b, ...) PLAIN((a) <= (b), false, __VA_ARGS__)
#define cr_expect_null(p, ...) PLAIN((p) == NULL, false, __VA_ARGS__)
#define cr_expect_not_null(p, ...) PLAIN((p) != NULL, false, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...) PLAIN(strcmp(a, b) == 0, false, __VA_ARGS__)

#endif
