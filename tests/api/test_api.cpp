/* test_api.cpp: the same program as C++. */
#include "test_api.c"
