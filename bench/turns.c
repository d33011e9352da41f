/* turns.c: timing by turns. */
#include "bench/turns.h"

#include <time.h>

#define TURN_SECONDS 1e-3
#define REST_NANOSECONDS 8000000L

static double turn(const player *p, size_t runs)
{
  const double start = seconds_now();
  for (size_t r = 0; r < runs; r++)
    p->run(p->arg);
  return seconds_now() - start;
}

/* Runs until a turn is long enough; the first one may plan and touch memory. */
static void find_runs(player *p)
{
  turn(p, 1);
  for (p->runs = 1;;) {
    const double seconds = turn(p, p->runs);
    if (seconds >= TURN_SECONDS / 2) {
      p->runs = (size_t)((double)p->runs * TURN_SECONDS / seconds);
      p->runs += p->runs == 0;
      return;
    }
    p->runs *= 2;
  }
}

static void rest(const player *p)
{
  const struct timespec pause = {0, REST_NANOSECONDS};
  nanosleep(&pause, NULL);
  turn(p, p->runs);
}

/* `used`: of the time there is; what takes ten times that is sure enough after three turns. */
static bool is_wanted(size_t turns, double used)
{
  return turns < 3 || used < 1 || (turns < 5 && used < 10);
}

size_t take_turns(player *players, size_t n, double seconds, bool rests)
{
  size_t turns = 0;
  for (size_t i = 0; i < n; i++)
    find_runs(&players[i]);
  const double start = seconds_now();
  while (turns < TURNS_MOST && is_wanted(turns, (seconds_now() - start) / seconds)) {
    for (size_t i = 0; i < n; i++) {
      if (rests)
        rest(&players[i]);
      players[i].times[turns] = turn(&players[i], players[i].runs) / (double)players[i].runs;
    }
    turns++;
  }
  for (size_t i = 0; i < n; i++)
    players[i].time = summary_of(players[i].times, turns);
  return turns;
}
