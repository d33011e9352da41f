/* turns.h: timing several things by turns, so that all of them see the same machine. */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/timing.h"

enum { TURNS_MOST = 41 };

typedef struct player {
  void (*run)(void *arg);
  void *arg;
  size_t runs; /* of a turn; found by take_turns() */
  double times[TURNS_MOST];
  summary time; /* seconds a run */
} player;

/* Lets each player run for a millisecond or so (once, if that takes longer) in turn, until
 * `seconds` have passed and there were 5 turns, or 3 of long ones; returns how many. `rests`: a
 * pause and an unmeasured turn stand before each turn, for threads that wait for work by spinning
 * do so for milliseconds and would take the next player's processor. */
size_t take_turns(player *players, size_t n, double seconds, bool rests);

#endif
