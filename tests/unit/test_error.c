/* test_error.c: texts of errors, and names. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/error.h"

Test(error, status_and_text_are_set)
{
  onnxrun_error e = {0};
  cr_assert_eq(onx_fail(&e, ONNXRUN_LIMIT, "%d of %s", 3, "them"), ONNXRUN_LIMIT);
  cr_assert_eq(e.status, ONNXRUN_LIMIT);
  cr_assert_str_eq(e.text, "3 of them");
}

Test(error, nowhere_to_write_is_fine)
{
  cr_assert_eq(onx_fail(NULL, ONNXRUN_IO, "%s", "x"), ONNXRUN_IO);
}

Test(error, a_long_text_is_cut_and_terminated)
{
  char name[1000];
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  onnxrun_error e;
  onx_fail(&e, ONNXRUN_IO, "%s", name);
  cr_assert_eq(strlen(e.text), sizeof e.text - 1);
}

/* However a character of two, three or four bytes falls on the end, no part of it stays. */
Test(error, a_cut_does_not_split_a_character)
{
  static const char *const characters[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
  for (int c = 0; c < 3; c++) {
    for (int before = 0; before < 4; before++) {
      char name[1000] = "";
      memset(name, 'x', (size_t)before);
      while (strlen(name) < 500)
        strcat(name, characters[c]);
      onnxrun_error e;
      onx_fail(&e, ONNXRUN_IO, "%s", name);
      const size_t size = strlen(characters[c]), most = sizeof e.text - 1;
      const size_t expected = (size_t)before + (most - (size_t)before) / size * size;
      cr_assert_eq(strlen(e.text), expected, "%d bytes before %zu", before, size);
    }
  }
}

Test(error, control_characters_do_not_reach_a_terminal)
{
  onnxrun_error e;
  onx_fail(&e, ONNXRUN_IO, "%s", "a\x1b[31m\n\r\t\x7f.");
  cr_assert_str_eq(e.text, "a?[31m????.");
}

Test(error, every_status_has_a_text_of_its_own)
{
  cr_assert_str_eq(onnxrun_status_text(ONNXRUN_OK), "ok");
  cr_assert_str_eq(onnxrun_status_text(ONNXRUN_RUN_FAILED), "run failed");
  for (int a = 0; a < ONNXRUN_TIMEOUT; a++) {
    for (int b = a + 1; b <= ONNXRUN_TIMEOUT; b++)
      cr_assert_str_neq(onnxrun_status_text((onnxrun_status)a),
                        onnxrun_status_text((onnxrun_status)b));
  }
  cr_assert_str_eq(onnxrun_status_text((onnxrun_status)99), "unknown status");
  cr_assert_str_eq(onnxrun_status_text((onnxrun_status)-1), "unknown status");
}

Test(error, types_have_names_of_the_standard)
{
  cr_assert_str_eq(onnxrun_dtype_name(ONNXRUN_FLOAT8E4M3FNUZ), "float8e4m3fnuz");
  cr_assert_str_eq(onnxrun_dtype_name(ONNXRUN_INT64), "int64");
  cr_assert_str_eq(onnxrun_dtype_name(ONNXRUN_UNDEFINED), "undefined");
  cr_assert_str_eq(onnxrun_dtype_name((onnxrun_dtype)99), "undefined");
}
